// What clients of a Service notice of a worker that loses its power and comes back.
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { inside, labNames } from "../../../modules/lab/index.ts";
import { eventually } from "../harness/eventually.ts";
import type { Rack } from "../harness/rack.ts";
import { tell } from "../harness/story.ts";
import { applyObjects, webImage } from "../support/objects.ts";

const cluster = "lab-v1";
const [master, worker] = ["m1", "w2"];
const namespace = "shop";
const nodePort = 30090;
/** A client's ports: each is used once while the worker is dead, and at most once afterwards. */
const ports = Array.from({ length: 40 }, (_, index) => 21_000 + index);

export function aWorkerDies(rack: () => Rack): void {
  test("a worker's power is cut and comes back: a client's old ports are answered too", async () => {
    const api = await rack().api(cluster);
    await applyObjects(rack(), cluster, shop(await webImage(api)));
    await eventually("the pod's answer", 30, () => ask(rack()));

    await rack().lab.cutPower([worker]);
    const unanswered = await Promise.all(ports.map((port) => ask(rack(), port)));
    expect(unanswered.filter((answer) => answer !== undefined)).toEqual([]);

    const on = performance.now();
    await rack().lab.powerOn([worker]);
    await eventually("the pod's answer after the power is back", 60, () => ask(rack()));
    tell("a worker's power back, until its pod answers", `${((performance.now() - on) / 1000).toFixed(1)} s`);
    // The master's kernel would send them to the address that the pod had before, for two minutes.
    const untried = [...ports];
    await eventually("an answer to a port that had none", 20, () => ask(rack(), untried.pop()));
    await rack().kubectl(cluster, ["delete", "namespace", namespace]);
  });
}

/** Asks the master for the worker's pod, as a client in the rack's network. @param port the client's own; default: any. */
async function ask({ project }: Rack, port?: number): Promise<string | undefined> {
  const { address } = project.machines.find(({ name }) => name === master)!;
  const own = port === undefined ? [] : ["--local-port", String(port)];
  const curl = ["curl", "-sf", "-m", "1", ...own, `http://${address}:${nodePort}/`];
  const [program = "", ...args] = inside(labNames(project.name).switchNamespace, curl);
  try {
    return (await promisify(execFile)(program, args)).stdout;
  } catch {
    return undefined;
  }
}

/** One pod, on the worker. */
function shop(image: string): object[] {
  const labels = { app: "shop" };
  const metadata = { name: "shop", namespace };
  const template = {
    metadata: { labels },
    spec: {
      nodeSelector: { "kubernetes.io/hostname": worker },
      containers: [
        {
          name: "web",
          image,
          imagePullPolicy: "Never",
          readinessProbe: { httpGet: { path: "/", port: 8080 }, periodSeconds: 1 },
        },
      ],
    },
  };
  return [
    { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } },
    {
      apiVersion: "apps/v1",
      kind: "DaemonSet",
      metadata,
      spec: { selector: { matchLabels: labels }, template },
    },
    {
      apiVersion: "v1",
      kind: "Service",
      metadata,
      spec: { type: "NodePort", selector: labels, ports: [{ port: 80, targetPort: 8080, nodePort }] },
    },
  ];
}

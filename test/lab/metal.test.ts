// A machine that is no container takes the whole way of a real one: firmware, PXE, iPXE, its own kernel, a root in
// memory; and joins a master as a worker like any other. Emulated where there is no KVM, so nothing here is quick. Beside
// it a container without a disk, whose power goes, and its keys with it.
import { release } from "node:os";
import { expect, test } from "vitest";
import type { MachineRecord } from "../../modules/boot/index.ts";
import { labFiles, readConsole } from "../../modules/lab/index.ts";
import { readyNodes } from "./harness/api.ts";
import { eventually } from "./harness/eventually.ts";
import { tell, useRack } from "./harness/story.ts";
import { webImage } from "./support/objects.ts";

const cluster = "lab-v1";
const timeouts = { boot: 600, ready: 600 };
const machines = ["m1", "q1", "w1"];
const rack = useRack({
  name: "metal",
  machines,
  qemu: ["q1"],
  diskless: ["w1"],
  clusters: { [cluster]: { masters: ["m1"], workers: ["q1", "w1"], pool: "metal", timeouts } },
});

test("a master and two that run from memory, one a virtual machine, land, and the Service answers from all", {
  timeout: (timeouts.boot + timeouts.ready + 60) * 1000,
}, async () => {
  const { seconds } = await rack().landfall("deploy", cluster);
  tell(
    "landing, 1 master + 1 virtual machine + 1 without a disk, from all off to healthy",
    `${seconds.toFixed(1)} s`,
  );
  expect(await readyNodes(await rack().api(cluster))).toEqual(machines);
  // Looked at anew: an emulated machine on a busy computer may be late for one answer.
  const { stdout } = await eventually("healthy once more", 120, () =>
    rack().landfall("status", cluster, "--json"),
  );
  const status = JSON.parse(stdout);
  expect(status.conditions.filter(({ ok }: { ok: boolean }) => !ok)).toEqual([]);
  const service = status.conditions.find(({ name }: { name: string }) => name === "service");
  expect(service.evidence).toContain("answers from 3 of 3 nodes");
});

test("it went through its firmware, PXE and iPXE to a kernel of its own, in order", async () => {
  const { nodeInfo } = (await (await rack().api(cluster)).get<Node>("/api/v1/nodes/q1")).status;
  expect(nodeInfo.kernelVersion).toMatch(/-cloud-amd64$/);
  expect(nodeInfo.kernelVersion).not.toBe(release());

  const console = readConsole(labFiles(rack().project.lab).machine("q1").console).toString("latin1");
  const said = [
    "Start PXE over IPv4",
    "NBP file downloaded successfully", // by TFTP
    "Open Source Network Boot Firmware", // iPXE's banner
    `${rack().project.ports.http}/boot.ipxe`,
    `Linux version ${nodeInfo.kernelVersion}`,
    "landfall: ssh-host-key SHA256:",
  ];
  const found = said.map((line) => [line, console.indexOf(line)] as const);
  expect(found.filter(([, at]) => at === -1)).toEqual([]);
  expect(found.toSorted(([, one], [, other]) => one - other)).toEqual(found);

  const events = rack()
    .events()
    .filter(({ machine }) => machine === "q1");
  expect(events.map(({ stage }) => stage)).toEqual([
    ...["power", "firmware", "boot", "install", "ignition", "system", "kubelet", "ready"],
  ]);
  const master = rack()
    .events()
    .filter(({ machine }) => machine === "m1");
  expect(master.map(({ stage }) => stage).slice(-5)).toEqual(["system", "kubelet", "etcd", "api", "ready"]);
  const [first, ...rest] = events.map(({ time }) => Date.parse(time));
  for (const [index, time] of rest.entries())
    tell(`virtual machine, ${events[index + 1]!.stage} after`, `${((time - first!) / 1000).toFixed(1)} s`);
});

test("a pod that asks for its pool runs there, and answers", async () => {
  const api = await rack().api(cluster);
  const image = await webImage(api);
  await eventually("the namespace's account", 60, () =>
    api.get<true>("/api/v1/namespaces/default/serviceaccounts/default"),
  );
  await api.create("/api/v1/namespaces/default/pods", {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "guest" },
    spec: {
      nodeSelector: { "landfall.local/pool": "metal", "kubernetes.io/hostname": "q1" },
      containers: [
        {
          name: "web",
          image,
          imagePullPolicy: "Never",
          env: [
            { name: "NODE_NAME", valueFrom: { fieldRef: { fieldPath: "spec.nodeName" } } },
            { name: "POD_NAME", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } },
          ],
        },
      ],
    },
  });
  const answer = await eventually("the pod's answer", 180, () =>
    api.get<object>("/api/v1/namespaces/default/pods/guest:8080/proxy/"),
  );
  expect(answer).toEqual({ node: "q1", pod: "guest" });
});

test("a machine that runs from memory and lost its power starts by the same order, and gets its keys anew", async () => {
  const known = async () => {
    const { stdout } = await rack().landfall("boot", "machines", "--json");
    return (JSON.parse(stdout) as MachineRecord[]).find(({ name }) => name === "w1")!;
  };
  const begun = () =>
    rack()
      .events()
      .filter(({ machine }) => machine === "w1");
  const { order, installed } = await known();
  expect(order).toMatchObject({ kind: "memory", state: "running", boots: 1, cluster });
  expect(installed).toBeUndefined();
  const before = begun().length;
  const api = await rack().api(cluster);
  await rack().lab.cutPower(["w1"]);
  await eventually("w1 to be missed", 120, async () =>
    (await readyNodes(api)).includes("w1") ? undefined : true,
  );
  // Killed between its power and its keys: the same command goes on.
  const killed = rack().startLandfall("deploy", cluster);
  const stages = () =>
    begun()
      .slice(before)
      .map(({ stage }) => stage)
      .filter((stage) => stage !== "off");
  await eventually("w1 to have power", 120, async () => stages().includes("power") || undefined, 10);
  process.kill(killed.pid, "SIGKILL");
  const { output: said } = await killed.ended;
  expect(said).not.toContain("has its keys");

  const { output, seconds } = await rack().landfall("deploy", cluster);
  tell("a machine without a disk lost its power, from the next deploy to healthy", `${seconds.toFixed(1)} s`);
  expect(output).toMatch(/w1 +has its keys$/m);
  expect(output).not.toMatch(/q1 +has its keys$/m);
  expect(await readyNodes(api)).toEqual(machines);
  await eventually("w1 to say that it is ready", 30, async () => stages().includes("ready") || undefined);
  expect(stages()).toEqual([
    ...["power", "firmware", "boot", "install", "ignition", "system", "kubelet", "ready"],
  ]);
  expect((await known()).order).toMatchObject({ id: order!.id, kind: "memory", state: "running", boots: 2 });
});

interface Node {
  readonly status: { readonly nodeInfo: { readonly kernelVersion: string } };
}

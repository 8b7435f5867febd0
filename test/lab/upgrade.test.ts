// A whole cluster is replaced by one command, which fails its user's check first and is killed in the middle later, while a
// client asks a web service all the time.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { stringify } from "yaml";
import type { Claim } from "../../modules/claims/index.ts";
import type { Journal } from "../../modules/rollout/index.ts";
import type { ReplacementSpec } from "../../modules/spec/index.ts";
import { readyNodes } from "./harness/api.ts";
import { ask, type Client, startClient } from "./harness/client.ts";
import { eventually } from "./harness/eventually.ts";
import { tell, useRack } from "./harness/story.ts";
import { expectGone } from "./stories/destroy.ts";

const [blue, green] = ["lab-v1", "lab-v2"];
const nodePort = 30080;
// The fewest machines with which every kind of step happens: green lands on g1, borrows w1 before the traffic moves, gets
// w2 after the hold, and b1 when blue has ended.
const rack = useRack({
  name: "upgrade",
  machines: ["b1", "g1", "w1", "w2"],
  clusters: {
    [blue]: { masters: ["b1"], workers: ["w1", "w2"] },
    [green]: { masters: ["g1"], workers: ["w1", "w2", "b1"], endpoint: 11 },
  },
});

const replacement: ReplacementSpec = {
  waves: 1,
  soak: 2,
  hold: 5,
  checks: [{ name: "web", command: ["cat", "good"] }],
  canary: { share: 20, seconds: 4, check: ["cat", "good"] },
  archive: { encrypt: false },
  traffic: {
    driver: "command",
    show: ["cat", "share"],
    shift: ["node", "balance.mjs", "{share}"],
    drain: { seconds: 2 },
  },
};

let client: Client;

test("blue lands, with a web service and a client that never stops", async () => {
  const { root, ports } = rack().project;
  rack().editCluster(green, (file) => {
    file.replacement = replacement;
  });
  // Someone's load balancer: its share is a file, and it is this test's client that obeys it.
  writeFileSync(join(root, "share"), "0");
  const balance =
    'import { renameSync, writeFileSync } from "node:fs"; writeFileSync("share.new", process.argv[2]); renameSync("share.new", "share");';
  writeFileSync(join(root, "balance.mjs"), balance);
  await rack().landfall("deploy", blue);
  const api = await rack().api(blue);
  const { spec } = await api.get<Workload>("/apis/apps/v1/namespaces/landfall-system/daemonsets/web");
  const objects = web(spec.template.spec.containers[0]!.image).map((object) => stringify(object));
  await rack().kubectl(blue, ["apply", "-f", "-"], objects.join("---\n"));
  const proxy = `http://127.0.0.1:${ports.proxy}`;
  await eventually("the web service", 60, () => ask(proxy, targetOf("b1")));
  let count = 0;
  client = startClient(proxy, 50, () => {
    count += 1;
    return targetOf((count * 37) % 100 < Number(readFileSync(join(root, "share"), "utf8")) ? "g1" : "b1");
  });
});

test("the plan is told before anything moves", async () => {
  const { stdout } = await rack().landfall("upgrade", "lab", "--to", "v2", "--dry-run");
  console.log(stdout);
  expect(stdout).toContain("point of no return");
  const { plan } = JSON.parse(
    (await rack().landfall("upgrade", "lab", "--to", "v2", "--dry-run", "--json")).stdout,
  );
  expect(plan.steps.map(({ id }: { id: string }) => id)).toEqual([
    ...["land", "soak", "check-web", "wave-1", "migrate", "canary", "cut-over", "hold"],
    ...["archive", "wave-2", "retire", "settle"],
  ]);
  expect(existsSync(join(rack().project.root, ".landfall/rollouts"))).toBe(false);
});

test("green fails the user's check: blue is untouched, and the reason is on the screen", async () => {
  const before = rack().state(blue);
  const { exitCode, output } = await rack().tryLandfall("upgrade", "lab", "--to", "v2");
  expect(exitCode, output).toBe(1);
  expect(output).toContain("the check web failed: lab-v2 is not good");
  expect(output).toContain("No such file");
  expect(rack().state(blue)).toBe(before);
  expect(await readyNodes(await rack().api(blue))).toEqual(["b1", "w1", "w2"]);
  expect(readFileSync(join(rack().project.root, "share"), "utf8")).toBe("0");
});

test("mended, killed in the middle of a wave, and aborted: blue has everything again", async () => {
  writeFileSync(join(rack().project.root, "good"), "");
  await killWhen("w1 has no power", () => claimOf("w1")?.handover?.stage === "off");
  expect(runningStep()).toBe("wave-1");
  const { output, seconds } = await rack().landfall("upgrade", "lab", "--to", "v2", "--abort");
  expect(output).toContain("lab-v2 is gone, and lab-v1 has everything again");
  tell("an abort in the middle of a wave, until blue is whole", `${seconds.toFixed(1)} s`);
  expect(await readyNodes(await rack().api(blue))).toEqual(["b1", "w1", "w2"]);
  for (const machine of ["b1", "w1", "w2"]) expect(claimOf(machine)).toMatchObject({ machine, holder: blue });
  expect(claimOf("g1")).toBeUndefined();
  await expectGone(rack(), green, ["g1"]);
  expect(client.asked.filter(({ error }) => error !== undefined)).toEqual([]);
});

test("again, killed in the hold, and run again: blue is retired, and no request failed", async () => {
  await killWhen("the hold", () => runningStep() === "hold");
  const { output, seconds } = await rack().landfall("upgrade", "lab", "--to", "v2");
  await client.stop();
  console.log(output);
  tell("the rest of a replacement of 1 + 2 by 1 + 3, from the hold on", `${seconds.toFixed(1)} s`);
  for (const { id, begun = "", ended = "" } of journal().steps)
    tell(`step ${id}`, `${((Date.parse(ended) - Date.parse(begun)) / 1000).toFixed(1)} s`);
  const failed = client.asked.filter(({ error }) => error !== undefined);
  const atGreen = client.asked.filter(({ target }) => target === targetOf("g1")).length;
  tell("requests", `${client.asked.length}, ${atGreen} of them to green; failed: ${failed.length}`);
  expect(failed).toEqual([]);
  expect(client.asked.length).toBeGreaterThan(500);
  expect(atGreen).toBeGreaterThan(100);
  expect(journal().leftBehind).toEqual([]);
  expect(await readyNodes(await rack().api(green))).toEqual(["b1", "g1", "w1", "w2"]);
  await rack().landfall("status", green);
  await expectGone(rack(), blue, []);
  for (const machine of ["b1", "g1", "w1", "w2"])
    expect(claimOf(machine)).toMatchObject({ machine, holder: green });
});

test("once it is over it is over: nothing to do again, and no way back", async () => {
  const again = await rack().landfall("upgrade", "lab", "--to", "v2");
  expect(again.stdout).toContain("lab-v2 has taken the place of lab-v1");
  const { exitCode, output } = await rack().tryLandfall("upgrade", "lab", "--to", "v2", "--abort");
  expect(exitCode, output).toBe(1);
  expect(output).toContain("lab-v1 cannot be had back");
});

function targetOf(machine: string): string {
  const { address } = rack().project.machines.find(({ name }) => name === machine)!;
  return `${address}:${nodePort}`;
}

function claimOf(machine: string): Claim | undefined {
  const file = join(rack().project.root, ".landfall/claims/upgrade", `${machine}.json`);
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Claim) : undefined;
}

/** Runs the command, and kills it as soon as it is so. */
async function killWhen(what: string, isSo: () => boolean): Promise<void> {
  const command = rack().startLandfall("upgrade", "lab", "--to", "v2");
  let over = false;
  const ended = command.ended.finally(() => {
    over = true;
  });
  await eventually(what, 150, async () => (over || isSo() ? true : undefined), 5);
  if (!over) process.kill(command.pid, "SIGKILL");
  const { exitCode, output } = await ended;
  expect(exitCode, output).toBe(137);
}

function journal(): Journal {
  const file = join(rack().project.root, ".landfall/rollouts/lab/v2/journal.json");
  return JSON.parse(readFileSync(file, "utf8")) as Journal;
}

function runningStep(): string | undefined {
  return journal().steps.find(({ state }) => state === "running")?.id;
}

interface Workload {
  readonly spec: {
    readonly template: { readonly spec: { readonly containers: readonly { readonly image: string }[] } };
  };
}

/** Two pods that never leave both at once, and take their time to go. */
function web(image: string): object[] {
  const labels = { app: "shop" };
  const metadata = { name: "shop", namespace: "shop" };
  const selector = { matchLabels: labels };
  const spread = {
    weight: 1,
    podAffinityTerm: { topologyKey: "kubernetes.io/hostname", labelSelector: selector },
  };
  const container = {
    name: "web",
    image,
    imagePullPolicy: "Never",
    ports: [{ containerPort: 8080 }],
    resources: { requests: { cpu: "50m", memory: "16Mi" } },
    readinessProbe: { httpGet: { path: "/", port: 8080 }, periodSeconds: 1 },
    lifecycle: { preStop: { sleep: { seconds: 3 } } },
  };
  return [
    { apiVersion: "v1", kind: "Namespace", metadata: { name: "shop" } },
    {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata,
      spec: {
        replicas: 2,
        selector,
        template: {
          metadata: { labels },
          spec: {
            affinity: { podAntiAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [spread] } },
            containers: [container],
          },
        },
      },
    },
    {
      apiVersion: "policy/v1",
      kind: "PodDisruptionBudget",
      metadata,
      spec: { minAvailable: 1, selector },
    },
    {
      apiVersion: "v1",
      kind: "Service",
      metadata,
      spec: { type: "NodePort", selector: labels, ports: [{ port: 80, targetPort: 8080, nodePort }] },
    },
  ];
}

// A machine that two versions of a cluster name goes from one to the other and back, with everything against it; an address
// of a Service does; and at last the old version ends, and all that it has is the new one's.
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Claim, Stage } from "../../modules/claims/index.ts";
import { labFiles, readConsole } from "../../modules/lab/index.ts";
import { nodeNames, readyNodes } from "./harness/api.ts";
import { ask } from "./harness/client.ts";
import { eventually } from "./harness/eventually.ts";
import { tell, useRack } from "./harness/story.ts";
import { expectGone } from "./stories/destroy.ts";

const [blue, green] = ["lab-v1", "lab-v2"];
const rack = useRack({
  name: "handover",
  machines: ["b1", "g1", "w1"],
  clusters: {
    [blue]: { masters: ["b1"], workers: ["w1"] },
    [green]: { masters: ["g1"], workers: ["w1", "b1"], endpoint: 11 },
  },
});

/** Held by a master of one of the clusters. */
const address = "10.77.0.60";
const service = { name: "names", namespace: "kube-system" };

test("two versions that name one worker: who comes first has it, the other lands without it and says so", async () => {
  for (const id of [blue, green])
    rack().editCluster(id, (file) => {
      file.network = { addresses: [{ address, service: `${service.namespace}/${service.name}` }] };
      if (id === green) file.replacement = { traffic: { driver: "address", address } };
    });
  const first = rack().startLandfall("deploy", blue);
  await eventually("blue's claim", 60, async () => claimOf("w1"));
  const second = await rack().landfall("deploy", green);
  expect(second.output).toContain(`w1 is left out: ${blue} holds it`);
  const { exitCode, output } = await first.ended;
  expect(exitCode, output).toBe(0);
  expect(await readyNodes(await rack().api(blue))).toEqual(["b1", "w1"]);
  expect(await readyNodes(await rack().api(green))).toEqual(["g1"]);
  // cdktf, which plans both from the same files, agrees.
  const { output: diff } = await rack().cdktf("diff", green, "--skip-provider-lock");
  expect(diff).toMatch(/No changes/);
  const { exitCode: refused, output: why } = await rack().tryLandfall("handover", "b1", ...way(blue, green));
  expect(refused, why).toBe(1);
  expect(why).toContain(`b1 is a master of ${blue}, which is in service`);
});

test("an address of a Service goes from a master of one to a master of the other, and back", async () => {
  const manifest = {
    apiVersion: "v1",
    kind: "Service",
    metadata: service,
    // CoreDNS answers HTTP there, as soon as it answers names.
    spec: {
      selector: { "k8s-app": "kube-dns" },
      externalIPs: [address],
      ports: [{ port: 80, targetPort: 8181 }],
    },
  };
  for (const cluster of [blue, green]) {
    const own = cluster === blue ? { annotations: { "landfall.local/address": "hold" } } : {};
    const metadata = { ...service, ...own };
    await rack().kubectl(cluster, ["apply", "-f", "-"], JSON.stringify({ ...manifest, metadata }));
  }
  const proxy = `http://127.0.0.1:${rack().project.ports.proxy}`;
  const show = async () => (await rack().landfall("cutover", blue, green, "--show")).output;
  await eventually("the address to answer", 60, () => ask(proxy, `${address}:80`, "/ready"));
  await eventually(
    "b1 to say that it has it",
    30,
    async () => (await show()).includes(`by b1 of ${blue}`) || undefined,
  );
  const { seconds } = await rack().landfall("cutover", blue, green);
  tell("an address moves to the other cluster", `${seconds.toFixed(1)} s`);
  expect(await show()).toContain(`by g1 of ${green}`);
  expect(await ask(proxy, `${address}:80`, "/ready")).toContain("OK");
  await rack().landfall("cutover", blue, green, "--back");
  expect(await show()).toContain(`by b1 of ${blue}`);
  expect(await ask(proxy, `${address}:80`, "/ready")).toContain("OK");
});

test("on its way and called back: at once where nothing was done to it, else by the whole way to where it came from", async () => {
  const others = switched("b1", "g1");
  const before = switched("w1");
  await killAt("leaving", blue, green);
  const { output } = await rack().landfall("handover", "w1", ...way(green, blue));
  expect(output).toContain(`stays in ${blue}`);
  await expectOnlyIn(blue, green);
  expect(switched("w1")).toEqual(before);

  await killAt("off", blue, green);
  await rack().landfall("handover", "w1", ...way(green, blue));
  await expectOnlyIn(blue, green);
  expect(switched("b1", "g1")).toEqual(others);
});

test("handed over; the command killed in the middle, and the machine switched on by hand", async () => {
  const witness = join(rack().disk("w1"), "root/witness");
  writeFileSync(witness, "blue's");
  const others = switched("b1", "g1");
  await killAt("off", blue, green);
  const seen = consoleOf("w1").length;
  await rack().lab.powerOn(["w1"]);
  const came = await eventually("w1 to find nothing of blue's to start", 60, async () => {
    const said = consoleOf("w1").slice(seen);
    expect(said).not.toContain("stage system");
    return /has nothing to boot|the disk is empty/.exec(said)?.[0];
  });
  tell("switched on by hand after its mark was given up, a machine says", came);
  expect((await rack().tryLandfall("status", blue)).output).toContain(`w1 is on its way to ${green}`);

  const { seconds } = await rack().landfall("handover", "w1", ...way(blue, green));
  tell("a hand-over, from where it was killed, to Ready", `${seconds.toFixed(1)} s`);
  await expectOnlyIn(green, blue);
  expect(existsSync(witness)).toBe(false);
  expect(switched("b1", "g1")).toEqual(others);
});

test("and back, off and so never told to give up its disk: the old system starts once more, and is wiped all the same", async () => {
  const others = switched("b1", "g1");
  await rack().lab.cutPower(["w1"]);
  await killAt("off", green, blue);
  const seen = consoleOf("w1").length;
  await rack().lab.powerOn(["w1"]);
  await eventually("the old system", 60, async () =>
    consoleOf("w1").slice(seen).includes("stage system") ? true : undefined,
  );
  await rack().landfall("handover", "w1", ...way(green, blue));
  await expectOnlyIn(blue, green);
  expect(switched("b1", "g1")).toEqual(others);
});

test("the old version ends with its last machines, killed in the middle, and they are all the new one's", async () => {
  await killAt("wiped", blue, green, ["w1", "b1", "--retire"]);
  const { seconds } = await rack().landfall("handover", "w1", "b1", ...way(blue, green), "--retire");
  tell("the old version's end, from where it was killed, to Ready in the new one", `${seconds.toFixed(1)} s`);
  expect(await readyNodes(await rack().api(green))).toEqual(["b1", "g1", "w1"]);
  for (const machine of ["b1", "w1"]) {
    expect(claimOf(machine)).toEqual({ machine, holder: green, since: expect.any(String) });
    expect(readFileSync(join(rack().disk(machine), "marker"), "utf8")).toContain(`cluster=${green}\n`);
  }
  await expectGone(rack(), blue, []);
  await rack().landfall("status", green);
  expect(JSON.parse((await rack().landfall("plan", green, "--json")).stdout).changes).toEqual([]);
});

const way = (from: string, to: string) => ["--from", from, "--to", to];

/** Ready in one, unknown to the other and to its stack; and both are as they should be, with nothing left to do. */
async function expectOnlyIn(holder: string, other: string): Promise<void> {
  const master = { [blue]: "b1", [green]: "g1" };
  expect(await readyNodes(await rack().api(holder))).toEqual([master[holder], "w1"]);
  const others = await rack().api(other);
  expect(await nodeNames(others)).toEqual([master[other]]);
  // Nothing is sent to pods that were there: a DaemonSet's stay on record for a minute unless they are forgotten.
  expect(await others.get("/api/v1/pods?fieldSelector=spec.nodeName%3Dw1")).toMatchObject({ items: [] });
  expect(readFileSync(join(rack().disk("w1"), "marker"), "utf8")).toMatch(
    new RegExp(`cluster=${holder}\n.*state=installed`, "s"),
  );
  expect(claimOf("w1")).toEqual({ machine: "w1", holder, since: expect.any(String) });
  const groups = readdirSync(join(rack().project.lab, "matchbox/groups"));
  expect(groups.filter((name) => name.includes("w1"))).toEqual([expect.stringContaining(holder)]);
  for (const cluster of [holder, other]) {
    await rack().landfall("status", cluster);
    expect(JSON.parse((await rack().landfall("plan", cluster, "--json")).stdout).changes).toEqual([]);
  }
}

/** Begins a hand-over of w1, and kills the command as soon as the stage is on record. */
async function killAt(
  stage: Stage,
  from: string,
  to: string,
  what: readonly string[] = ["w1"],
): Promise<void> {
  const command = rack().startLandfall("handover", ...what, ...way(from, to));
  let over = false;
  const ended = command.ended.finally(() => {
    over = true;
  });
  await eventually(
    `w1 to be ${stage}`,
    120,
    async () => (over || claimOf("w1")?.handover?.stage === stage ? true : undefined),
    2,
  );
  if (!over) process.kill(command.pid, "SIGKILL");
  const { exitCode, output } = await ended;
  expect(exitCode, output).toBe(137);
}

function claimOf(machine: string): Claim | undefined {
  const file = join(rack().project.root, ".landfall/claims/handover", `${machine}.json`);
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Claim) : undefined;
}

/** What happened to machines' power. */
function switched(...machines: readonly string[]) {
  return rack()
    .events()
    .filter(
      ({ machine, stage }) => machines.includes(machine) && ["power", "firmware", "off"].includes(stage),
    );
}

function consoleOf(machine: string): string {
  return readConsole(labFiles(rack().project.lab).machine(machine).console).toString();
}

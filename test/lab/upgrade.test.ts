// A whole cluster is replaced by one command, which fails its user's check first and is killed in the middle later, while a
// client asks a web service all the time, and a writer counts on a network volume.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { labNames } from "../../modules/lab/index.ts";
import type { ReplacementSpec } from "../../modules/spec/index.ts";
import { readyNodes } from "./harness/api.ts";
import { ask, type Client, startClient } from "./harness/client.ts";
import {
  type CounterClient,
  counterFile,
  counterPort,
  judge,
  parseIncrements,
  pauses,
  startCounter,
} from "./harness/counter.ts";
import { eventually } from "./harness/eventually.ts";
import { type FileServer, mountedTwice, startFileServer, volumeDriver } from "./harness/file-server.ts";
import { tell, useRack } from "./harness/story.ts";
import { expectGone } from "./stories/destroy.ts";
import {
  claimOf as claimIn,
  journalOf,
  killUpgrade,
  printOf,
  runningStep as runningIn,
  shareOf,
  writeBalancer,
} from "./support/replacement.ts";
import { deployWork, webPort } from "./support/shop.ts";

const [blue, green] = ["lab-v1", "lab-v2"];
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

const replacement: Omit<ReplacementSpec, "traffic"> = {
  waves: 1,
  soak: 2,
  hold: 5,
  checks: [{ name: "web", command: ["cat", "good"] }],
  canary: { share: 20, seconds: 4, check: ["cat", "good"] },
  archive: { encrypt: false },
};

let client: Client;
let counter: CounterClient;
let files: FileServer;
/** What writers of blue put before their names. */
let bluePrint: string;
afterAll(() => files?.stop());

test("blue lands, with a web service, a counter on a network volume, and clients that never stop", async () => {
  const { root, ports } = rack().project;
  rack().editCluster(green, (file) => {
    file.replacement = { ...replacement, traffic: writeBalancer(root, "v2") };
  });
  for (const id of [blue, green])
    rack().editCluster(id, ({ pools }) => {
      pools[0]!.files = volumeDriver();
    });
  const namespace = labNames(rack().project.name).switchNamespace;
  files = await startFileServer({ namespace, address: "10.77.0.1", folder: join(root, "shared") });
  await rack().landfall("deploy", blue);
  await deployWork(rack(), blue, "b1", files);
  const proxy = `http://127.0.0.1:${ports.proxy}`;
  await eventually("the web service", 60, () => ask(proxy, targetOf("b1")));
  bluePrint = await printOf(rack(), blue);
  counter = startCounter(proxy, 100, {
    blue: targetOf("b1", counterPort),
    green: targetOf("g1", counterPort),
  });
  await eventually("the counter", 60, async () => counter.acknowledged[0]);
  let count = 0;
  client = startClient(proxy, 50, () => {
    count += 1;
    return targetOf((count * 37) % 100 < shareOf(root, "v2") ? "g1" : "b1");
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
  expect(shareOf(rack().project.root, "v2")).toBe(0);
});

test("mended, killed in a wave and in the canary, and aborted: blue has everything again", async () => {
  writeFileSync(join(rack().project.root, "good"), "");
  await killWhen("w1 has no power", () => claimOf("w1")?.handover?.stage === "off");
  expect(runningStep()).toBe("wave-1");
  // By then the counter is green's.
  await killWhen("the canary", () => runningStep() === "canary");
  const { output, seconds } = await rack().landfall("upgrade", "lab", "--to", "v2", "--abort");
  expect(output).toContain("lab-v2 is gone, and lab-v1 has everything again");
  tell("an abort out of the canary, until blue is whole", `${seconds.toFixed(1)} s`);
  expect(await readyNodes(await rack().api(blue))).toEqual(["b1", "w1", "w2"]);
  for (const machine of ["b1", "w1", "w2"]) expect(claimOf(machine)).toMatchObject({ machine, holder: blue });
  expect(claimOf("g1")).toBeUndefined();
  await expectGone(rack(), green, ["g1"]);
  expect(client.asked.filter(({ error }) => error !== undefined)).toEqual([]);
});

test("again, killed in the hold, and run again: blue is retired, and no request failed", async () => {
  await killWhen("the hold", () => runningStep() === "hold");
  const { output, seconds } = await rack().landfall("upgrade", "lab", "--to", "v2");
  await Promise.all([client.stop(), counter.stop()]);
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
  expectCounted(await printOf(rack(), green));
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

function targetOf(machine: string, port = webPort): string {
  const { address } = rack().project.machines.find(({ name }) => name === machine)!;
  return `${address}:${port}`;
}

/** Nothing lost, nothing doubled, one writer at a time, on one machine at a time. */
function expectCounted(greenPrint: string): void {
  const file = parseIncrements(readFileSync(join(files.folder, counterFile), "utf8"));
  const { increments, turns, ...wrong } = judge(file, counter.acknowledged);
  expect(wrong).toEqual({ lost: [], doubled: [], torn: [], together: [] });
  expect(mountedTwice(files.connections)).toEqual([]);
  // There, back with the abort, and there again; within a cluster it moves with its machine. What was aborted is a cluster of its own.
  const prints = turns.map(({ writer }) => writer.split(".")[0]);
  const sides = prints.map((print) => (print === bluePrint ? "blue" : "green"));
  expect(sides.filter((side, index) => side !== sides[index - 1])).toEqual([
    "blue",
    "green",
    "blue",
    "green",
  ]);
  expect(prints.at(-1)).toBe(greenPrint);
  expect(increments).toBeGreaterThan(500);
  tell("increments on a network volume", `${increments}; lost: 0, doubled: 0`);
  const mounts = files.connections.filter(({ event }) => event === "opened").length;
  const seconds = pauses(counter.acknowledged).map((pause) => `${pause.toFixed(1)} s`);
  tell("nobody counted, from one writer to the next", seconds.join(", "));
  tell("its writers", `${turns.length} one after the other, ${mounts} mounts, never two at once`);
}

const claimOf = (machine: string) => claimIn(rack(), machine);
const journal = () => journalOf(rack(), "v2");
const runningStep = () => runningIn(rack(), "v2");

/** Runs the command, and kills it as soon as it is so. */
async function killWhen(what: string, isSo: () => boolean): Promise<void> {
  const { exitCode, output } = await killUpgrade(rack(), "v2", what, isSo);
  expect(exitCode, output).toBe(137);
}

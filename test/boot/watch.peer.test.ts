// `landfall status --watch` beside Landfall's own boot service: as lines of JSON, and on a terminal.
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { BootClient, MachineRecord } from "../../modules/boot/index.ts";
import { plan } from "../../modules/plan/index.ts";
import { knownReleases } from "../../modules/release/index.ts";
import type { Journal } from "../../modules/rollout/index.ts";
import { testJournal } from "../../modules/rollout/testing.ts";
import { loadFiles } from "../../modules/spec/index.ts";
import { clientOf } from "../support/boot-client.ts";
import { type Matchbox, startLandfallBoot } from "../support/matchbox.ts";

const root = resolve(import.meta.dirname, "../..");
let folder: string;
let service: Matchbox;
let client: BootClient;
let watcher: ChildProcess | undefined;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "landfall-watch-"));
  service = await startLandfallBoot(join(folder, "boot"));
  client = clientOf(service);
  deployed();
});

afterEach(async () => {
  watcher?.kill("SIGKILL");
  client.close();
  await service.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** A project in which the example cluster was deployed, as far as status looks. */
function deployed(): void {
  const read = (path: string) => readFileSync(join(root, path), "utf8");
  const loaded = loadFiles(read, ["clusters/lab-v1.yaml"], { knownReleases });
  if (!loaded.ok) throw new Error("the example is broken");
  const [cluster] = loaded.project.clusters;
  const planned = plan(cluster!);
  const boot = {
    ...planned.boot,
    service: "landfall",
    rpc: service.rpc,
    tls: {
      ca: join(service.tls, "ca.crt"),
      cert: join(service.tls, "client.crt"),
      key: join(service.tls, "client.key"),
    },
  };
  writeFileSync(join(folder, "cdktf.json"), "{}");
  const run = join(folder, ".landfall/run/lab-v1");
  mkdirSync(run, { recursive: true });
  writeFileSync(
    join(run, "run.json"),
    JSON.stringify({ plan: { ...planned, boot }, release: {}, generation: "g1" }),
  );
}

const mac = "52:54:00:77:00:11";
const register = () =>
  client.register({ mac, name: "m1", site: "lab", rack: "A1", position: "U40", role: "master" });

async function report(record: MachineRecord, fields: object): Promise<void> {
  const response = await fetch(`${service.http}/report?mac=${mac}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ order: record.order!.id, ...fields }),
  });
  expect(response.status).toBe(204);
}

function start(
  command: string,
  args: readonly string[],
): { output: () => string; ended: Promise<number | null> } {
  const child = spawn(command, args, {
    cwd: folder,
    stdio: ["ignore", "pipe", "inherit"],
    env: { PATH: process.env.PATH, HOME: folder, TERM: "xterm-256color", COLUMNS: "80", LINES: "24" },
  });
  watcher = child;
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  return { output: () => output, ended: new Promise((done) => child.once("exit", done)) };
}

const program = [join(root, "modules/cli/landfall.mjs"), "status", "lab-v1", "--watch"];

/** What the machine is told to boot, as a deploy writes it. */
function grouped(): void {
  const write = (path: string, value: object) =>
    writeFileSync(join(service.data, path), JSON.stringify(value));
  write("profiles/masters.json", { id: "masters", boot: { kernel: "/assets/kernel", initrd: [], args: [] } });
  write("groups/m1.json", { id: "m1", profile: "masters", selector: { mac } });
}

/** What a machine does from its order to its system. */
async function land(until: (text: string) => Promise<void>): Promise<void> {
  grouped();
  await register();
  await until("free");
  await client.arm({ mac, cluster: "lab-v1", generation: "g1", kind: "install", seconds: 600 });
  await until("not heard of yet");
  await expect
    .poll(async () => (await fetch(`${service.http}/ipxe?mac=${mac}`)).status, { timeout: 10_000 })
    .toBe(200);
  const record = (await client.get(mac))!;
  await report(record, { stage: "install", percent: 40 });
  await until("installing");
  await report(record, { result: "installed" });
  await until("starting");
}

test("a line of JSON for each change, until it is interrupted", async () => {
  const watching = start(process.execPath, [...program, "--json"]);
  await land(async (state) => {
    await expect.poll(watching.output, { timeout: 20_000 }).toContain(`"state":"${state}"`);
  });
  const lines = watching
    .output()
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as { type: string; machine?: { name: string; next: string } });
  expect(lines.findLast(({ type }) => type === "machine")?.machine).toMatchObject({
    name: "m1",
    next: "Nothing to do: m1 is starting its system.",
  });
  expect(watching.output()).not.toContain((await client.get(mac))!.order!.id);
  watcher!.kill("SIGINT");
  expect(await watching.ended).toBe(130);
});

test("a service that goes away is said, and asked again", async () => {
  const watching = start(process.execPath, program);
  await register();
  await expect.poll(watching.output, { timeout: 20_000 }).toContain("m1         free");
  await client.arm({ mac, cluster: "lab-v1", generation: "g1", kind: "install", seconds: 600 });
  await expect.poll(watching.output, { timeout: 20_000 }).toContain("m1         not heard of yet");
  await service.stop();
  await expect.poll(watching.output, { timeout: 20_000 }).toContain("the boot service does not answer");
  service = { ...service, stop: async () => {} };
});

test("the replacement that it is a part of, as its journal has it", async () => {
  const started = new Date();
  const journal = testJournal("lab", started);
  const [land, soak, ...rest] = journal.steps;
  const done = {
    ...land!,
    state: "done" as const,
    begun: started.toISOString(),
    ended: started.toISOString(),
  };
  const write = (more: Partial<Journal>) => {
    const dir = join(folder, ".landfall/rollouts/lab/v2");
    mkdirSync(dir, { recursive: true });
    writeFileSync(join(dir, "new.json"), JSON.stringify({ ...journal, ...more }));
    renameSync(join(dir, "new.json"), join(dir, "journal.json"));
  };
  write({ steps: [done, { ...soak!, state: "running", begun: started.toISOString() }, ...rest] });
  // As `landfall upgrade` does while it is at it: flock(1) locks the file that it inherits, and leaves it locked.
  const lock = openSync(join(folder, ".landfall/rollouts/lab/lock"), "a");
  spawnSync("flock", ["--exclusive", "3"], { stdio: ["ignore", "ignore", "ignore", lock] });
  const watching = start(process.execPath, program);
  const says = (text: string) => expect.poll(watching.output, { timeout: 20_000 }).toContain(text);
  await says("lab-v2 lands on s1 s2: done");
  await says("lab-v2 stays healthy for 60 s: under way");
  await says("lab-v1 to lab-v2: under way; traffic: lab-v1 100%, lab-v2 0%");
  closeSync(lock);
  await says("lab-v2 stays healthy for 60 s: interrupted");
  await says("lab-v1 to lab-v2: interrupted; traffic: lab-v1 100%, lab-v2 0%. Tell whoever runs lab: ");
  write({ share: 100, ended: { at: new Date().toISOString(), outcome: "replaced" } });
  await says("lab-v1 to lab-v2: replaced; traffic: lab-v1 0%, lab-v2 100%");
});

test("on a terminal: a table on its other screen, and the terminal as it was after Ctrl-C", async () => {
  // script(1) gives it a terminal.
  const command = ["exec", process.execPath, ...program]
    .map((word) => `'${word}'`)
    .join(" ")
    .replace("'exec'", "exec");
  const watching = start("script", ["-qec", `stty cols 80 rows 24; ${command}`, "/dev/null"]);
  await land(async (state) => {
    await expect.poll(watching.output, { timeout: 20_000 }).toContain(state);
  });
  expect(watching.output()).toContain("\u001b[?1049h");
  expect(watching.output()).not.toContain("\u001b[?1049l");
  const descendant = Number(
    readFileSync(`/proc/${watcher!.pid}/task/${watcher!.pid}/children`, "utf8").trim().split(" ")[0],
  );
  process.kill(descendant, "SIGINT");
  await watching.ended;
  const after = watching.output().split("\u001b[?1049l");
  expect(after).toHaveLength(2);
  expect(after[0]?.endsWith("\u001b[?25h")).toBe(true);
  // What was seen last stays on the screen.
  expect(after[1]).toContain("A1 U40");
  expect(after[1]).toContain("starting");
});

// The stack through real Terraform onto a real Matchbox, by `landfall deploy`'s own runner and by cdktf's CLI. Steps are
// stood in for by a script that writes down what it was asked.
import { execFile, spawn } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout } from "node:timers/promises";
import { promisify } from "node:util";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { apply, destroy, diff, type Workspace } from "../modules/cli/index.ts";
import { type TestCluster, testCluster, tricky } from "../stacks/test-cluster.ts";
import { type Matchbox, startMatchbox } from "./support/matchbox.ts";
import {
  cdktfOf,
  killTerraform,
  processesIn,
  terraformProject,
  writeStack,
} from "./support/terraform-project.ts";
import { cacheDir, peerTools } from "./support/tools.ts";

const repository = resolve(import.meta.dirname, "..");
let matchbox: Matchbox;
let mirror: string;
let project: string;
let workspace: Workspace;

beforeAll(async () => {
  const tools = await peerTools();
  mirror = tools.terraformMirror;
  project = mkdtempSync(join(tmpdir(), "landfall-terraform-"));
  matchbox = await startMatchbox(tools.matchbox, project);
  workspace = terraformProject(project);
}, 900_000);

afterAll(async () => {
  await matchbox?.stop();
  if (project !== undefined) rmSync(project, { recursive: true });
});

/** Nothing deployed, and steps that succeed at once. */
beforeEach(() => {
  for (const path of ["cdktf.out", ".landfall", "matchbox/groups", "matchbox/profiles"]) {
    rmSync(join(project, path), { recursive: true, force: true });
  }
  for (const path of [".landfall/terraform", "matchbox/groups", "matchbox/profiles"]) {
    mkdirSync(join(project, path), { recursive: true });
  }
  steps("exit 0");
});

/** What every step does, as a shell script. */
function steps(script: string): void {
  writeFileSync(join(project, "step.sh"), `${script}\n`);
}

/** What `standIn` does, for steps that are not processes. */
function recordEnd(step: string, machine: string | undefined, resource = ""): void {
  const folder = join(project, ".landfall/run/t-v1/done");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, machine === undefined ? step : `${step}-${machine}`), resource);
}

/** What steps were asked since the last time. */
function asked(): string[] {
  const log = join(project, "steps.log");
  const lines = existsSync(log) ? readFileSync(log, "utf8").trim().split("\n") : [];
  rmSync(log, { force: true });
  return lines.filter((line) => line !== "").sort();
}

function write(cluster: TestCluster = {}): void {
  writeStack(project, mirror, { ...cluster, rpc: matchbox.rpc });
}

const said: string[] = [];
const options = () => ({
  workspace,
  cluster: "t-v1",
  machines: 5,
  signal: new AbortController().signal,
  progress: { line: (who: string, text: string) => said.push(`${who} ${text}`), terraform: () => {} },
});

async function land(cluster: TestCluster = {}): Promise<string[]> {
  write(cluster);
  await apply(options());
  return asked();
}

const get = async (path: string) => (await fetch(`${matchbox.http}/${path}`)).text();
const macOf = (machine: string) =>
  testCluster()
    .plan.machines.find(({ name }) => name === machine)
    ?.mac.toLowerCase();
const groups = () => readdirSync(join(matchbox.data, "groups")).sort();

describe("a stack on real Terraform and Matchbox", () => {
  it("tells Matchbox of every pool and machine, and runs every step once", async () => {
    expect(await land({ workers: ["w1"] })).toEqual([
      "step addons --cluster t-v1",
      "step deliver --cluster t-v1 --machine m1",
      "step deliver --cluster t-v1 --machine m2",
      "step deliver --cluster t-v1 --machine w1",
      "step health --cluster t-v1",
      "step power --cluster t-v1 --machine m1",
      "step power --cluster t-v1 --machine m2",
      "step power --cluster t-v1 --machine w1",
      "step release --cluster t-v1",
    ]);
    expect(groups()).toEqual(["t-v1-m1.json", "t-v1-m2.json", "t-v1-w1.json"]);
  });

  it("hands every text through as it was written", async () => {
    await land({ workers: ["w1"] });
    expect(await get(`ipxe?mac=${macOf("w1")}`)).toContain(tricky);
    expect(await get(`metadata?mac=${macOf("w1")}`)).toContain(`NOTE=${tricky}`);
    const ignition = JSON.parse(await get(`ignition?mac=${macOf("w1")}`));
    expect(decodeURIComponent(ignition.storage.files[0].contents.source)).toBe(`data:,edit 1 ${tricky}`);
  });

  it("finds nothing to do the second time", async () => {
    await land();
    await land();
    expect(await diff(options())).toEqual([]);
    expect(asked()).toEqual([]);
  });

  it("touches only the machine that comes, and only the one that goes from the middle", async () => {
    await land({ workers: ["w1", "w2", "w3"] });
    expect(await land({ workers: ["w1", "w2", "w3", "w9"] })).toEqual([
      "step deliver --cluster t-v1 --machine w9",
      "step power --cluster t-v1 --machine w9",
    ]);
    expect(await land({ workers: ["w1", "w3", "w9"] })).toEqual(["step retire --cluster t-v1 --machine w2"]);
    expect(groups()).not.toContain("t-v1-w2.json");
  });

  it("keeps a machine known to Matchbox until it is retired", async () => {
    await land({ workers: ["w1", "w2"] });
    steps(`[ "$2" != retire ] || test -e ${join(matchbox.data, "groups/t-v1-w2.json")}`);
    expect(await land({ workers: ["w1"] })).toEqual(["step retire --cluster t-v1 --machine w2"]);
  });

  it("retires a machine the next time if it could not", async () => {
    await land({ workers: ["w1", "w2"] });
    steps('[ "$2" != retire ] || { echo "w2: error: its BMC is dead"; exit 1; }');
    await expect(land({ workers: ["w1"] })).rejects.toMatchObject({
      details: { found: "w2: its BMC is dead" },
    });
    expect(groups()).toContain("t-v1-w2.json");
    steps("exit 0");
    asked();
    expect(await land({ workers: ["w1"] })).toEqual(["step retire --cluster t-v1 --machine w2"]);
  });

  it("starts the machines of an edited pool again", async () => {
    await land({ workers: ["w1", "w2"] });
    expect(await land({ workers: ["w1", "w2"], edit: 2 })).toEqual([
      "step deliver --cluster t-v1 --machine w1",
      "step deliver --cluster t-v1 --machine w2",
      "step power --cluster t-v1 --machine w1",
      "step power --cluster t-v1 --machine w2",
    ]);
    expect(decodeURIComponent(await get(`ignition?mac=${macOf("w1")}`))).toContain("edit 2");
  });

  it("lets dead machines delay no other, names them, and goes on from there", async () => {
    steps('case "$*" in *deliver*w1|*deliver*m2) echo "${6}: error: it is silent"; exit 1;; esac');
    const failure = land({ workers: ["w1", "w2"] });
    await expect(failure).rejects.toMatchObject({ code: "deploy-failed" });
    const { found } = await failure.catch((error) => error.details);
    expect(found.split("\n").sort()).toEqual(["m2: it is silent", "w1: it is silent"]);
    expect(asked()).toEqual(
      expect.arrayContaining(["step deliver --cluster t-v1 --machine w2", "step addons --cluster t-v1"]),
    );
    steps("exit 0");
    expect(await land({ workers: ["w1", "w2"] })).toEqual([
      "step deliver --cluster t-v1 --machine m2",
      "step deliver --cluster t-v1 --machine w1",
      "step health --cluster t-v1",
    ]);
  });

  it("retires every machine, then the cluster, when it is destroyed", async () => {
    await land({ workers: ["w1"] });
    await destroy(options());
    const log = asked();
    expect(log).toEqual([
      "step retire --cluster t-v1",
      "step retire --cluster t-v1 --machine m1",
      "step retire --cluster t-v1 --machine m2",
      "step retire --cluster t-v1 --machine w1",
    ]);
    expect(groups()).toEqual([]);
    expect((await destroy(options())).remove).toBe(0);
  });

  it("converges after its terraform was killed at any moment", async () => {
    steps("sleep 0.2");
    for (const delay of [300, 500, 700, 900, 1200]) {
      write();
      const run = apply({ ...options(), progress: { line: () => {}, terraform: () => {} } });
      const failed = expect(run).rejects.toMatchObject({ name: "LandfallError" });
      await setTimeout(delay);
      killTerraform(project);
      await failed;
    }
    await land();
    expect(await diff(options())).toEqual([]);
    expect(groups()).toHaveLength(5);
  });

  it("converges after the command itself was killed, and ends what that left", async () => {
    steps("sleep 600");
    write();
    const program = `import { apply, openWorkspace } from ${JSON.stringify(join(repository, "modules/cli/index.ts"))};
      const workspace = openWorkspace(${JSON.stringify(project)}, process.env, ${JSON.stringify(cacheDir)});
      await apply({ workspace, cluster: "t-v1", machines: 5, signal: new AbortController().signal,
        progress: { line: () => {}, terraform: () => {} } });`;
    const command = spawn(process.execPath, ["--input-type=module-typescript", "-e", program], {
      env: workspace.env as NodeJS.ProcessEnv,
      stdio: "ignore",
    });
    await until(() => asked().length > 0);
    command.kill("SIGKILL");
    await new Promise((resolve) => command.once("exit", resolve));
    expect(processesIn(project).length).toBeGreaterThan(0);
    steps("exit 0");
    await land();
    expect(await diff(options())).toEqual([]);
    expect(processesIn(project)).toEqual([]);
  });

  it("is interrupted once, keeps what was done, and goes on", async () => {
    steps('case "$2" in deliver) sleep 600;; esac');
    write();
    const interruption = new AbortController();
    const run = apply({ ...options(), signal: interruption.signal });
    await until(
      () =>
        existsSync(join(project, "steps.log")) &&
        readFileSync(join(project, "steps.log"), "utf8").split("deliver").length > 5,
    );
    interruption.abort();
    await expect(run).rejects.toMatchObject({ code: "interrupted" });
    expect(processesIn(project)).toEqual([]);
    asked();
    steps("exit 0");
    expect((await land()).filter((line) => !/ (deliver|health) /.test(line))).toEqual([]);
  });

  it("runs steps in its own process, shows what they say, and ends them when it is interrupted", async () => {
    const bin = join(project, "node_modules/.bin/landfall");
    const script = readFileSync(bin);
    rmSync(bin);
    symlinkSync(join(repository, "modules/cli/landfall.mjs"), bin);
    try {
      const served: string[] = [];
      const ended: string[] = [];
      const interruption = new AbortController();
      const output: string[] = [];
      write({ workers: ["w1"] });
      const run = apply({
        ...options(),
        signal: interruption.signal,
        progress: {
          line: () => {},
          terraform: ({ hook }) => {
            if (hook?.output !== undefined) output.push(hook.output.trimEnd());
          },
        },
        serve: async ({ step, machine, resource }, print, signal) => {
          const who = machine ?? "all";
          served.push(`${step} ${who}`);
          print(`${who}: ${step}`);
          if (step !== "deliver") {
            recordEnd(step, machine, resource);
            return 0;
          }
          await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
          ended.push(who);
          return 130;
        },
      });
      const failed = expect(run).rejects.toMatchObject({ code: "interrupted" });
      await until(() => served.filter((step) => step.startsWith("deliver")).length === 3);
      interruption.abort();
      await failed;
      expect(output).toEqual(expect.arrayContaining(["m1: power", "w1: deliver", "all: release"]));
      await until(() => ended.length === 3);
      const { changes, proven } = await apply({ ...options(), serve: async () => 0 });
      expect({ added: changes.add, proven }).toEqual({ added: 4, proven: true });
    } finally {
      rmSync(bin);
      writeFileSync(bin, script, { mode: 0o755 });
    }
  });

  it("recovers a state that was cut short", async () => {
    await land();
    const state = join(project, ".landfall/terraform/t-v1.tfstate");
    writeFileSync(state, readFileSync(state, "utf8").slice(0, 500));
    await land();
    expect(await diff(options())).toEqual([]);
  });

  it("is the same by cdktf's CLI: deploy, then nothing to do for either, then destroy", async () => {
    write();
    const cdktf = cdktfOf(workspace);
    await cdktf("deploy");
    expect(asked()).toHaveLength(13);
    expect(await diff(options())).toEqual([]);
    expect(await land()).toEqual([]);
    await cdktf("deploy");
    expect(asked()).toEqual([]);
    await cdktf("destroy");
    expect(asked()).toHaveLength(6);
    expect(groups()).toEqual([]);
  }, 600_000);

  it("puts no secret into cdktf.out, the state or Matchbox", async () => {
    await land();
    const { stdout } = await promisify(execFile)("grep", [
      "-rlE",
      "PRIVATE KEY",
      ...["cdktf.out/stacks/t-v1/cdk.tf.json", ".landfall", "matchbox"].map((path) => join(project, path)),
    ]).catch(({ stdout }) => ({ stdout }));
    expect(stdout).toBe("");
  });
});

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await setTimeout(20);
}

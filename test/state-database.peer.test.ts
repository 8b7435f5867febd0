// Terraform's state in real PostgreSQL, by real Terraform onto a real Matchbox: locked, moved, mended, and no secret in it.
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { postgresServer } from "../modules/boot/store/example-postgres.ts";
import { apply, destroy, diff, type TerraformOptions, type Workspace } from "../modules/cli/index.ts";
import { stateSchema } from "../stacks/index.ts";
import { type Matchbox, startMatchbox } from "./support/matchbox.ts";
import { cdktfOf, killTerraform, terraformProject, writeStack } from "./support/terraform-project.ts";
import { peerTools } from "./support/tools.ts";

const schema = stateSchema("t-v1");
const postgres = postgresServer();
const folder = mkdtempSync(join(tmpdir(), "landfall-state-"));
/** Two people's clones of one project. */
const [mine, theirs] = [join(folder, "mine"), join(folder, "theirs")];
let matchbox: Matchbox;
let mirror: string;

beforeAll(async () => {
  const tools = await peerTools();
  mirror = tools.terraformMirror;
  await postgres.start();
  matchbox = await startMatchbox(tools.matchbox, folder);
}, 900_000);
afterAll(async () => {
  await matchbox?.stop();
  await postgres.remove();
  rmSync(folder, { recursive: true });
}, 60_000);
beforeEach(() => {
  for (const project of [mine, theirs]) rmSync(project, { recursive: true, force: true });
  postgres.psql(`drop schema if exists "${schema}" cascade`);
});

const secret = "hunter2";

function open(project: string): Workspace {
  // The server lets everyone in; the password is there to be looked for.
  const connection = postgres.connection.replace("landfall@", `landfall:${secret}@`);
  const workspace = terraformProject(project, { PG_CONN_STR: connection });
  writeFileSync(join(project, "step.sh"), "exit 0\n");
  return workspace;
}

const said: string[] = [];
const options = (workspace: Workspace, state: "local" | "pg" = "pg"): TerraformOptions => {
  // The PEM files of Matchbox's client are where the stack looks for them.
  execFileSync("cp", ["-a", matchbox.tls, workspace.root]);
  writeStack(workspace.root, mirror, { workers: ["w1"], rpc: matchbox.rpc, state });
  return {
    workspace,
    cluster: "t-v1",
    machines: 3,
    state,
    signal: new AbortController().signal,
    progress: { line: (who, text) => said.push(`${who} ${text}`), terraform: () => {} },
  };
};

const stateText = () => postgres.psql(`select data from "${schema}".states`);
const asked = (project: string) => {
  const log = join(project, "steps.log");
  const lines = existsSync(log) ? readFileSync(log, "utf8").trim().split("\n") : [];
  rmSync(log, { force: true });
  return lines.sort();
};

test("a deploy keeps its state in a schema of its own, another clone goes on from it, and neither holds a secret", async () => {
  const workspace = open(mine);
  expect((await apply(options(workspace))).proven).toBe(true);
  expect(JSON.parse(stateText()).resources.length).toBeGreaterThan(5);
  expect(existsSync(join(mine, ".landfall/terraform"))).toBe(false);
  // A clone with the same records, as from a backup of the project's folder.
  execFileSync("cp", ["-a", mine, theirs]);
  asked(theirs);
  rmSync(join(theirs, "cdktf.out"), { recursive: true });
  expect(await diff(options(open(theirs)))).toEqual([]);
  expect(asked(theirs)).toEqual([]);
  const looked = spawnSync("grep", ["-rlE", `${secret}|PRIVATE KEY`, mine, "--exclude-dir=tls"], {
    encoding: "utf8",
  });
  expect([looked.status, looked.stdout]).toEqual([1, ""]);
  expect(stateText()).not.toMatch(/hunter2|PRIVATE KEY/);
}, 120_000);

test("of two deploys at once one goes on, and the other is told who holds the lock", async () => {
  const first = options(open(mine));
  writeFileSync(join(mine, "step.sh"), "sleep 3\n");
  const running = apply(first);
  const begun = async () => {
    while (!existsSync(join(mine, "steps.log"))) await setTimeout(20);
  };
  await Promise.race([begun(), running]);
  const second = apply(options(open(theirs)));
  await expect(second).rejects.toMatchObject({
    code: "state-locked",
    details: { found: expect.stringMatching(/^\S+@\S+, \S+, since 20\d\d-/) },
  });
  await running;
  // Its clone knows of no step that has ended, so it does them again: all of them may be done twice.
  expect((await apply(options(open(theirs)))).proven).toBe(true);
  expect(await diff(options(open(theirs)))).toEqual([]);
}, 120_000);

test("a step that a killed deploy did not end is done again", async () => {
  const workspace = open(mine);
  await apply(options(workspace));
  asked(mine);
  rmSync(join(mine, ".landfall/run/t-v1/done/deliver-w1"));
  await apply(options(workspace));
  expect(asked(mine)).toEqual(["step deliver --cluster t-v1 --machine w1"]);
  expect(said.at(-1)).toContain("deliver-w1: doing it again");
  expect(await diff(options(workspace))).toEqual([]);
}, 120_000);

test("a deploy whose terraform is killed leaves no lock, and the next one converges", async () => {
  const workspace = open(mine);
  writeFileSync(join(mine, "step.sh"), "sleep 0.3\n");
  for (const delay of [700, 1_200]) {
    const run = expect(apply(options(workspace))).rejects.toMatchObject({ name: "LandfallError" });
    await setTimeout(delay);
    // One command runs several: whichever it is at by then.
    const killing = setInterval(() => killTerraform(mine), 20);
    await run.finally(() => clearInterval(killing));
  }
  await apply(options(workspace));
  expect(await diff(options(workspace))).toEqual([]);
  for (const step of ["power-w1", "deliver-m1", "addons", "health"])
    expect(existsSync(join(mine, ".landfall/run/t-v1/done", step))).toBe(true);
}, 120_000);

test("a state that was in a file is moved, and nothing is made anew", async () => {
  const workspace = open(mine);
  execFileSync("mkdir", ["-p", join(mine, ".landfall/terraform")]);
  await apply(options(workspace, "local"));
  asked(mine);
  expect(await diff(options(workspace))).toEqual([]);
  expect(asked(mine)).toEqual([]);
  expect(existsSync(join(mine, ".landfall/terraform/t-v1.tfstate"))).toBe(false);
  expect(existsSync(join(mine, ".landfall/terraform/t-v1.tfstate.moved"))).toBe(true);
  execFileSync("cp", [
    join(mine, ".landfall/terraform/t-v1.tfstate.moved"),
    join(mine, ".landfall/terraform/t-v1.tfstate"),
  ]);
  await expect(apply(options(workspace))).rejects.toMatchObject({ code: "state-twice" });
}, 120_000);

test("cdktf's CLI keeps the same state there", async () => {
  const workspace = open(mine);
  const same = options(workspace);
  await cdktfOf(workspace)("deploy");
  expect(asked(mine)).toHaveLength(9);
  expect(await diff(same)).toEqual([]);
  expect((await apply(same)).changes).toMatchObject({ add: 0, change: 0, remove: 0 });
}, 300_000);

test("a destroy leaves nothing; one more finds nothing", async () => {
  const workspace = open(mine);
  await apply(options(workspace));
  expect((await destroy(options(workspace))).remove).toBeGreaterThan(5);
  expect((await destroy(options(workspace))).remove).toBe(0);
}, 120_000);

test("without a connection string, or with a database that is away, it is said, and not where the password is", async () => {
  const workspace = open(mine);
  const { PG_CONN_STR: connection = "", ...env } = workspace.env;
  await expect(apply(options({ ...workspace, env }))).rejects.toMatchObject({
    code: "state-database-unknown",
  });
  const away = { ...env, PG_CONN_STR: connection.replace(/host=.*/, "host=%2Fnowhere&connect_timeout=2") };
  const error: Error = await apply(options({ ...workspace, env: away })).then(
    () => expect.unreachable(),
    (thrown) => thrown,
  );
  expect(error).toMatchObject({ code: "deploy-failed" });
  expect(JSON.stringify([error.message, error])).not.toContain(secret);
}, 60_000);

// Which machines a deploy gives back what they lost, on machines that a shell script switches. That keys arrive is in
// test/lab/metal.test.ts.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { MachinePlan, PoolPlan } from "../plan/index.ts";
import { testMachine, testPlan } from "../plan/testing.ts";
import type { Release } from "../release/index.ts";
import { recover } from "./recover.ts";
import { type MachineRecord, writeMachine } from "./run-record.ts";
import { openWorkspace, type Workspace } from "./workspace.ts";

let workspace: Workspace;
let said: string[];
beforeEach(() => {
  workspace = openWorkspace(mkdtempSync(join(tmpdir(), "landfall-recover-")), {}, "/nowhere");
  writeFileSync(join(workspace.root, "switched"), "");
  said = [];
});
afterEach(() => rmSync(workspace.root, { recursive: true }));

/** One that is off, until it is switched on; its power is the file of its name. */
function machine(name: string, pool: "diskless" | "disks"): MachinePlan {
  const run = (script: string) => ({ argv: ["sh", "-c", script], folder: workspace.root });
  return testMachine({
    name,
    role: "worker",
    address: "10.0.0.1",
    pool,
    bmc: {
      driver: "exec",
      machine: { name, mac: "52:54:00:00:00:01", address: "10.0.0.1" },
      state: run(`[ -e ${name} ] && echo on || echo off`),
      on: run(`: >${name}; echo ${name} >>switched`),
      off: run(`rm -f ${name}`),
      networkBoot: undefined,
      nextBoot: undefined,
      console: undefined,
    },
  });
}
const pool = (name: string, disk: string | undefined) => ({ name, disk }) as PoolPlan;

/** What is switched on where these machines are off. */
async function recovered(
  records: readonly (readonly [MachinePlan, Partial<MachineRecord> | undefined])[],
): Promise<readonly string[]> {
  for (const [each, record] of records)
    if (record !== undefined)
      writeMachine(workspace, "lab-v1", { machine: each, generation: "g1", ...record });
  const pools = [pool("diskless", undefined), pool("disks", "/dev/sda")];
  await recover({
    workspace,
    run: {
      plan: testPlan({ machines: records.map(([each]) => each), pools }),
      release: {} as Release,
      generation: "g1",
    },
    signal: new AbortController().signal,
    now: () => new Date(),
    say: (who, text) => said.push(`${who}: ${text}`),
  });
  return readFileSync(join(workspace.root, "switched"), "utf8").split("\n").filter(Boolean).sort();
}

const delivered = "2026-01-02T03:04:05.000Z";

test("machines in service get their power back, those without a disk from the network", async () => {
  const all = [machine("disk", "disks"), machine("memory", "diskless")];
  expect(await recovered(all.map((each) => [each, { delivered }]))).toEqual(["disk", "memory"]);
  expect(said).toContain("disk: in service, power on from its own disk");
  expect(said).toContain("memory: power on, starts from the network");
});

test.each([
  ["was cut short", {}],
  ["failed", { failed: "no power" }],
])("one without a disk whose last start %s, before its keys, is seen to again", async (_, record) => {
  expect(await recovered([[machine("memory", "diskless"), record]])).toEqual(["memory"]);
});

test("what was never handed its keys is not in service", async () => {
  expect(
    await recovered([
      [machine("disk", "disks"), {}],
      [machine("memory", "diskless"), undefined],
    ]),
  ).toEqual([]);
});

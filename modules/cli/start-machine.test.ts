import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { testMachine, testPlan } from "../plan/testing.ts";
import type { Power } from "../power/index.ts";
import type { Release } from "../release/index.ts";
import { readMachine } from "./run-record.ts";
import { startIntoNetwork } from "./start-machine.ts";
import { quorumLost } from "./steps/addons.ts";
import type { StepContext } from "./steps/context.ts";
import { openWorkspace, type Workspace } from "./workspace.ts";

let workspace: Workspace;
beforeEach(() => {
  workspace = openWorkspace(mkdtempSync(join(tmpdir(), "landfall-start-")), {}, "/nowhere");
});
afterEach(() => rmSync(workspace.root, { recursive: true }));

const masters = ["m1", "m2", "m3"].map((name, index) =>
  testMachine({ name, role: "master", address: `10.0.0.${index + 1}` }),
);

function contextOf(abort = new AbortController()): StepContext {
  return {
    workspace,
    run: { plan: testPlan({ machines: masters }), release: {} as Release, generation: "g1" },
    signal: abort.signal,
    now: () => new Date("2026-01-02T03:04:05Z"),
    say: () => {},
  };
}

/** Of a machine that is off. */
function powerOf(on: () => Promise<void>): Power {
  return {
    state: async () => "off",
    on,
    off: async () => {},
    cycle: async () => {},
    bootFromNetworkOnce: async () => {},
    console: async () => undefined,
  };
}

const dead = powerOf(() => Promise.reject(new Error("no power")));
const start = (context: StepContext, index: number, power: Power) =>
  startIntoNetwork(context, masters[index]!, power);

test("why a machine cannot be started is on record, until it is", async () => {
  const context = contextOf();
  await expect(start(context, 0, dead)).rejects.toThrow("no power");
  expect(readMachine(workspace, "lab-v1", "m1")).toMatchObject({ failed: "no power", generation: "g1" });
  await start(
    context,
    0,
    powerOf(async () => {}),
  );
  expect(readMachine(workspace, "lab-v1", "m1")).toEqual({
    machine: masters[0],
    generation: "g1",
    started: "2026-01-02T03:04:05.000Z",
  });
});

test("nobody waits for an API whose masters cannot be started", async () => {
  const context = contextOf();
  await expect(start(context, 0, dead)).rejects.toThrow();
  expect(quorumLost(context)).toBeUndefined();
  await expect(start(context, 2, dead)).rejects.toThrow();
  expect(quorumLost(context)).toMatchObject({
    code: "masters-failed",
    message: "no API can come up: m1, m3 failed",
  });
});

test("an interrupt is no failure of the machine's", async () => {
  const abort = new AbortController();
  const interrupted = powerOf(async () => {
    abort.abort();
    throw new Error("aborted");
  });
  await expect(start(contextOf(abort), 0, interrupted)).rejects.toThrow("aborted");
  expect(readMachine(workspace, "lab-v1", "m1")).not.toHaveProperty("failed");
});

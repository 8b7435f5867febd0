import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { writeDone } from "./run-record.ts";
import { mendState } from "./state.ts";
import { openWorkspace, stateFile, type Workspace } from "./workspace.ts";

const cluster = "lab-v1";
let workspace: Workspace;

beforeEach(() => {
  workspace = openWorkspace(mkdtempSync(join(tmpdir(), "landfall-state-")), {}, "/nowhere");
});
afterEach(() => rmSync(workspace.root, { recursive: true }));

describe("mendState", () => {
  test("a step that never recorded its end is done again, and no other resource is touched", () => {
    writeState([
      step("addons", "1"),
      step("deliver-w1", "2"),
      step("registered", "3"),
      step("retire-cluster", "4"),
    ]);
    writeDone(workspace, cluster, { step: "deliver", machine: "w1" }, "2");
    expect(mended()).toEqual({ addons: "tainted" });
  });

  test("the end of a step of another resource, of an earlier deploy, does not count", () => {
    writeState([step("power-w1", "new")]);
    writeDone(workspace, cluster, { step: "power", machine: "w1" }, "old");
    expect(mended()).toEqual({ "power-w1": "tainted" });
  });

  test("nothing is written when every step has ended", () => {
    writeState([step("power-m-1", "1")]);
    writeDone(workspace, cluster, { step: "power", machine: "m-1" }, "1");
    const before = readFileSync(stateFile(workspace, cluster), "utf8");
    expect(mended()).toEqual({});
    expect(readFileSync(stateFile(workspace, cluster), "utf8")).toBe(before);
  });

  test("half a state makes way for the one before, whose steps are looked at too", () => {
    writeState([step("health", "1")]);
    const file = stateFile(workspace, cluster);
    writeFileSync(`${file}.backup`, readFileSync(file));
    writeFileSync(file, '{"serial": 8, "resou');
    expect(mended()).toEqual({ health: "tainted" });
    expect(readFileSync(`${file}.broken`, "utf8")).toContain("resou");
  });
});

function step(name: string, id: string): object {
  return { type: "null_resource", name, instances: [{ attributes: { id } }] };
}

function writeState(resources: readonly object[]): void {
  const file = stateFile(workspace, cluster);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, JSON.stringify({ version: 4, serial: 7, resources }));
}

/** What was marked, by name; its serial has grown if anything was. */
function mended(): Record<string, string> {
  mendState(workspace, cluster, () => {});
  const state = JSON.parse(readFileSync(stateFile(workspace, cluster), "utf8")) as {
    serial: number;
    resources: { name: string; instances: { status?: string }[] }[];
  };
  const marked = state.resources.flatMap(({ name, instances }) =>
    instances.flatMap(({ status }) => (status === undefined ? [] : [[name, status] as const])),
  );
  expect(state.serial).toBe(marked.length > 0 ? 8 : 7);
  return Object.fromEntries(marked);
}

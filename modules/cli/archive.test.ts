import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { knownReleases } from "../release/index.ts";
import { archiveSpecFor } from "./archive.ts";
import { exampleSite } from "./example-site.ts";
import { openWorkspace, type Workspace } from "./workspace.ts";

const [first, second] = [
  "age1hpr07qjznjfpa3ypa03jhf4alkgam6zcjnzepm89yn7yf0f2d5ms92gkey",
  "age1r3wlkpp0ew9mymezjmfra8a3m63ltwuqk5f8x0mscksacq9cf5tqwyhrhv",
] as const;

let root: string;
let workspace: Workspace;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "landfall-archive-"));
  workspace = openWorkspace(root, {});
  mkdirSync(join(root, "clusters"));
  writeFileSync(join(root, "clusters", "site.yaml"), site);
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const machines = ["m1", "m2", "m3", "m4"];
const site = exampleSite(machines);

function write(id: string, machine: number, archive?: string): void {
  const [name, version] = id.split("-");
  const replacement = archive === undefined ? "" : `replacement: { archive: ${archive} }\n`;
  const text = `name: ${name}
version: ${version}
kubernetes: ${knownReleases[0]}
endpoint: { address: 10.77.0.10${machine} }
masters: { machines: [${machines[machine]}] }
${replacement}`;
  writeFileSync(join(root, "clusters", `${id}.yaml`), text);
}

test("its own file says who may read it, whatever another says", () => {
  write("prod-v1", 0, `{ recipients: [${first}] }`);
  write("prod-v2", 1, "{ encrypt: false }");
  expect(archiveSpecFor(workspace, "prod-v1")).toEqual({ recipients: [first] });
});

test("else the version that takes its place, and no other cluster", () => {
  write("prod-v1", 0);
  write("prod-v2", 1, `{ recipients: [${first}] }`);
  write("other-v1", 2, `{ recipients: [${second}] }`);
  expect(archiveSpecFor(workspace, "prod-v1")).toEqual({ recipients: [first] });
});

test("two that say different things are asked for one", () => {
  write("prod-v1", 0);
  write("prod-v2", 1, `{ recipients: [${first}] }`);
  write("prod-v3", 2, `{ recipients: [${second}] }`);
  expect(() => archiveSpecFor(workspace, "prod-v1")).toThrow(
    expect.objectContaining({
      code: "archive-recipients-differ",
      details: expect.objectContaining({ found: expect.stringMatching(/prod-v2.*prod-v3/) }),
    }),
  );
});

test("nobody named: refused, with what to write, and nothing is taken for a wish for plain text", () => {
  write("prod-v1", 0);
  expect(() => archiveSpecFor(workspace, "prod-v1")).toThrow(
    expect.objectContaining({
      code: "archive-recipients-missing",
      details: expect.objectContaining({ expected: expect.stringContaining("recipients: [age1...]") }),
    }),
  );
});

// What the command refuses before it asks any cluster.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { exampleSite } from "../example-site.ts";
import { openWorkspace } from "../workspace.ts";
import { type MigrateFlags, migrateCommand } from "./migrate.ts";

const site = exampleSite(["m1", "m2", "m3"]);
const cluster = (name: string, version: number, machine: number) => `name: ${name}
version: v${version}
kubernetes: 1.34.1
endpoint: { address: 10.77.0.10${machine} }
masters: { machines: [m${machine}] }
`;

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "landfall-migrate-"));
  mkdirSync(join(root, "clusters"));
  writeFileSync(join(root, "clusters", "site.yaml"), site);
  writeFileSync(join(root, "clusters", "prod-v1.yaml"), cluster("prod", 1, 1));
  writeFileSync(join(root, "clusters", "prod-v2.yaml"), cluster("prod", 2, 2));
  writeFileSync(join(root, "clusters", "test-v1.yaml"), cluster("test", 1, 3));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

test.each<[string, string, string, MigrateFlags, string]>([
  ["flags that exclude each other", "prod-v1", "prod-v2", { dryRun: true, undo: true }, "usage"],
  ["clusters of two names", "prod-v1", "test-v1", {}, "not-versions"],
  ["one cluster twice", "prod-v1", "prod-v1", {}, "not-versions"],
  ["a cluster without a file", "prod-v1", "prod-v9", {}, "cluster-unknown"],
  ["a cluster that was never landed", "prod-v1", "prod-v2", { dryRun: true }, "not-deployed"],
])("refuses %s", async (_, from, to, flags, code) => {
  const invocation = {
    workspace: openWorkspace(root, {}, join(root, "cache")),
    json: true,
    signal: new AbortController().signal,
  };
  await expect(migrateCommand(invocation, from, to, flags)).rejects.toMatchObject({ code });
});

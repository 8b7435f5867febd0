import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { stringify } from "yaml";
import { testMachine, testPlan } from "../plan/testing.ts";
import type { Release } from "../release/index.ts";
import {
  dropClaim,
  dropClaims,
  readClaim,
  readClaims,
  settleClaim,
  takeClaim,
  writeClaim,
} from "./claims.ts";
import { obtainable, obtainableAll } from "./project.ts";
import { writeMachine, writeRun } from "./run-record.ts";
import { claimsDir, openWorkspace, type Workspace } from "./workspace.ts";

const site = "lab";
const now = new Date("2026-01-02T03:04:05Z");
let workspace: Workspace;

beforeEach(() => {
  workspace = openWorkspace(mkdtempSync(join(tmpdir(), "landfall-claims-")), {}, "/nowhere");
});
afterEach(() => rmSync(workspace.root, { recursive: true }));

test("a machine is claimed by one cluster, and stays its own however often it asks", () => {
  takeClaim(workspace, site, "w1", "lab-v1", now);
  takeClaim(workspace, site, "w1", "lab-v1", new Date());
  expect(() => takeClaim(workspace, site, "w1", "lab-v2", now)).toThrow(
    expect.objectContaining({ code: "machine-held" }),
  );
  expect([...readClaims(workspace, site).values()]).toEqual([
    { machine: "w1", holder: "lab-v1", since: now.toISOString() },
  ]);
  expect(readdirSync(claimsDir(workspace, site))).toEqual(["w1.json"]);
  expect(statSync(claimsDir(workspace, site)).mode & 0o777).toBe(0o700);
  expect(statSync(join(claimsDir(workspace, site), "w1.json")).mode & 0o777).toBe(0o600);
});

test("one that left its cluster is free; one that is on its way is not", () => {
  takeClaim(workspace, site, "w1", "lab-v1", now);
  dropClaim(workspace, site, "w1", "lab-v2");
  expect(readClaim(workspace, site, "w1")).toMatchObject({ holder: "lab-v1" });
  const handover = { from: "lab-v1", to: "lab-v2", stage: "off", at: {} } as const;
  writeClaim(workspace, site, { machine: "w1", holder: "lab-v1", handover });
  dropClaims(workspace, site, "lab-v1");
  expect(readClaim(workspace, site, "w1")).toMatchObject({ handover });
  writeClaim(workspace, site, { machine: "w1", holder: "lab-v1" });
  dropClaims(workspace, site, "lab-v1", ["w1"]);
  expect(readClaim(workspace, site, "w1")).toBeDefined();
  dropClaims(workspace, site, "lab-v1");
  expect(readClaim(workspace, site, "w1")).toBeUndefined();
});

test("a way is over when the machine works for the cluster that it went to, and not before", () => {
  const handover = { from: "lab-v1", to: "lab-v2", stage: "landed", at: {} } as const;
  writeClaim(workspace, site, { machine: "w1", holder: "lab-v2", handover });
  settleClaim(workspace, site, "w1", "lab-v1");
  expect(readClaim(workspace, site, "w1")).toMatchObject({ handover });
  settleClaim(workspace, site, "w1", "lab-v2");
  expect(readClaim(workspace, site, "w1")).toEqual({ machine: "w1", holder: "lab-v2" });
});

test("where nothing is written, a machine is held by the cluster that has a record of it, on this site", () => {
  deployed("lab-v1", site, "w1");
  deployed("far-v1", "far", "w2");
  expect([...readClaims(workspace, site).values()]).toEqual([{ machine: "w1", holder: "lab-v1" }]);
  expect(() => takeClaim(workspace, site, "w1", "lab-v2", now)).toThrow(/not lab-v2's/);
  takeClaim(workspace, site, "w1", "lab-v1", now);
  expect(readdirSync(claimsDir(workspace, site))).toEqual(["w1.json"]);
});

test("a deploy's plan has what its version holds or what is free, and the pool's profile is that of the whole pool", () => {
  writeFiles();
  takeClaim(workspace, site, "w1", "lab-v1", now);
  const { plan, allotment } = obtainable(workspace, "lab-v2");
  expect(plan.machines.map(({ name }) => name)).toEqual(["m2"]);
  expect(plan.pools.map(({ name, machines, disk }) => ({ name, machines, disk }))).toEqual([
    { name: "masters", machines: ["m2"], disk: "/dev/vda" },
    { name: "workers", machines: [], disk: "/dev/vda" },
  ]);
  expect(allotment.leftOut.map(({ machine }) => machine)).toEqual(["w1"]);
  expect(obtainable(workspace, "lab-v1").plan.machines.map(({ name }) => name)).toEqual(["m1", "w1"]);

  writeClaim(workspace, site, { machine: "w1", holder: "lab-v2" });
  expect(obtainable(workspace, "lab-v2").plan.machines.map(({ name }) => name)).toEqual(["m2", "w1"]);
  expect(obtainable(workspace, "lab-v1").plan.machines.map(({ name }) => name)).toEqual(["m1"]);
});

test("a version whose masters are another's is refused, and keeps no other from being synthesised", () => {
  writeFiles();
  takeClaim(workspace, site, "m1", "lab-v0", now);
  expect(() => obtainable(workspace, "lab-v1")).toThrow(expect.objectContaining({ code: "masters-held" }));
  const all = obtainableAll(workspace);
  expect(all.map((each) => (each instanceof Error ? each.code : each.plan.cluster))).toEqual([
    "masters-held",
    "lab-v2",
  ]);
});

function deployed(cluster: string, place: string, name: string): void {
  const machine = testMachine({ name, role: "worker", address: "10.0.0.1" });
  const plan = testPlan({ cluster, site: place, machines: [machine] });
  writeRun(workspace, { plan, release: {} as Release, generation: "1" });
  writeMachine(workspace, cluster, { machine, generation: "1" });
}

/** The example's site with m2, and the worker w1 in two versions. */
function writeFiles(): void {
  const folder = join(workspace.root, "clusters");
  mkdirSync(folder);
  const machine = (name: string, last: number) => ({
    name,
    mac: `52:54:00:77:00:${last}`,
    address: `10.77.0.${last}`,
    disk: "/dev/vda",
    bmc: { driver: "redfish", url: `http://bmc/${name}` },
  });
  const siteFile = {
    name: site,
    networks: [{ name: "rack", cidr: "10.77.0.0/24" }],
    boot: {
      service: "landfall",
      http: "http://10.77.0.1:8080",
      rpc: "127.0.0.1:8081",
      tls: { ca: "ca.crt", cert: "client.crt", key: "client.key" },
      assets: "assets",
    },
    machines: [machine("m1", 11), machine("m2", 12), machine("w1", 21)],
  };
  writeFileSync(join(folder, "site.yaml"), stringify(siteFile));
  for (const [version, master, endpoint] of [
    ["v1", "m1", "10.77.0.100"],
    ["v2", "m2", "10.77.0.101"],
  ] as const) {
    const text = stringify({
      name: "lab",
      version,
      kubernetes: "1.34.1",
      endpoint: { address: endpoint },
      masters: { machines: [master] },
      pools: [{ name: "workers", machines: ["w1"] }],
    });
    writeFileSync(join(folder, `lab-${version}.yaml`), text);
  }
}

// The end of a cluster: nothing of it is left but what was set aside on purpose.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Rack } from "../harness/rack.ts";

const machines = ["m1", "m2", "m3", "w1", "w2", "w3"];

export function destroy(rack: () => Rack): void {
  test("landfall destroy, two machines off: all let go of their disks, the boot service knows nothing of it, the PKI is set aside", async () => {
    await rack().lab.cutPower(["m2", "w3"]);
    await rack().landfall("destroy", "lab-v1");
    await expectGone(rack(), "lab-v1", machines);
    const known: { installed?: object }[] = JSON.parse(
      (await rack().landfall("boot", "machines", "--json")).stdout,
    );
    expect(known).toHaveLength(machines.length);
    expect(known.filter(({ installed }) => installed !== undefined)).toEqual([]);
    for (const name of machines)
      expect(readFileSync(join(rack().disk(name), "marker"), "utf8"), name).toMatch(/^state=released$/m);
    // Again: nothing to do, and no failure.
    expect((await rack().landfall("destroy", "lab-v1")).output).toContain("not deployed");
  });
}

/** Nothing of the cluster runs, is served, or is remembered. */
export async function expectGone(rack: Rack, cluster: string, machines: readonly string[]): Promise<void> {
  const status = await rack.lab.status();
  const on = status.machines.filter(({ name, power }) => machines.includes(name) && power === "On");
  expect(on.map(({ name }) => name)).toEqual([]);
  const { root, lab } = rack.project;
  const served = ["groups", "profiles", "ignition"].flatMap((kind) =>
    readdirSync(join(lab, "matchbox", kind)),
  );
  expect(served.filter((name) => name.includes(cluster))).toEqual([]);
  for (const { name, mac } of rack.project.machines.filter(({ name }) => machines.includes(name))) {
    const response = await fetch(`http://127.0.0.1:${rack.project.ports.http}/ignition?mac=${mac}`);
    expect(response.status, `Ignition of ${name}`).toBe(404);
  }
  expect(JSON.parse(rack.state(cluster)).resources).toEqual([]);
  const stores = readdirSync(join(root, ".landfall/pki"));
  expect(stores).not.toContain(cluster);
  expect(stores.filter((name) => name.startsWith(`${cluster}.retired-`))).toHaveLength(1);
  expect(existsSync(join(root, ".landfall/run", cluster))).toBe(false);
}

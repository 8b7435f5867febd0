// What a deploy touches when nothing, or one machine, has changed.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { nodeNames, readyNodes } from "../harness/api.ts";
import { eventually } from "../harness/eventually.ts";
import type { Rack } from "../harness/rack.ts";
import { tell } from "../harness/story.ts";

const cluster = "lab-v1";

export function deployAgain(rack: () => Rack): void {
  test("deploys again: no changes, by landfall and by cdktf alike", async () => {
    const before = resources(rack());
    const events = rack().events();
    const { output, seconds } = await rack().landfall("deploy", cluster);
    expect(output).toContain(`${cluster} is healthy: no changes`);
    tell("deploying again without changes", `${seconds.toFixed(1)} s`);
    expect((await rack().cdktf("diff", cluster, "--skip-provider-lock")).output).toMatch(/No changes/);
    const deployed = await rack().cdktf("deploy", cluster, "--auto-approve", "--skip-provider-lock");
    expect(deployed.output).toMatch(/No changes/);
    expect(resources(rack())).toEqual(before);
    expect(rack().events()).toEqual(events);
  });
}

/** w3 comes, then w2 leaves from the middle of the list. */
export function comeAndGo(rack: () => Rack): void {
  test("a worker that is added is all that a deploy touches", async () => {
    const before = rack().events().length;
    rack().editCluster(cluster, ({ pools }) => pools[0]!.machines.push("w3"));
    expect(await changes(rack())).toEqual(only("create", "w3"));
    const { seconds } = await rack().landfall("deploy", cluster);
    tell("adding a worker to a cluster of 3 + 2", `${seconds.toFixed(1)} s`);
    expect(await readyNodes(await rack().api(cluster))).toEqual(["m1", "m2", "m3", "w1", "w2", "w3"]);
    await eventually("w3 to say so", 20, async () => {
      const stages = rack().events().slice(before);
      return stages.some(({ stage }) => stage === "ready") ? true : undefined;
    });
    expect(machinesIn(rack(), before)).toEqual(["w3"]);
  });

  test("a machine removed from the middle of the list is all that a deploy touches", async () => {
    const before = rack().events().length;
    rack().editCluster(cluster, ({ pools }) => {
      pools[0]!.machines = ["w1", "w3"];
    });
    expect(await changes(rack())).toEqual(only("delete", "w2"));
    await rack().landfall("deploy", cluster);
    const api = await rack().api(cluster);
    await eventually("w2 leaving the cluster", 30, async () => {
      return (await nodeNames(api)).includes("w2") ? undefined : true;
    });
    expect(await readyNodes(api)).toEqual(["m1", "m2", "m3", "w1", "w3"]);
    expect(machinesIn(rack(), before)).toEqual(["w2"]);
    const { machines } = await rack().lab.status();
    expect(machines.find(({ name }) => name === "w2")?.power).toBe("Off");
    // Free for whichever cluster claims it next.
    expect(markerOf(rack(), "w2")).toContain("state=released");
    expect(markerOf(rack(), "w3")).toContain("state=installed");
  });
}

interface State {
  readonly resources: readonly {
    readonly type: string;
    readonly name: string;
    readonly instances: readonly { readonly index_key?: string; readonly attributes: unknown }[];
  }[];
}

/** What the state knows of each resource, by address; how it is written down is Terraform's own affair. */
function resources(rack: Rack): Record<string, unknown> {
  const state = JSON.parse(rack.state(cluster)) as State;
  return Object.fromEntries(
    state.resources.flatMap(({ type, name, instances }) =>
      instances.map(({ index_key: key, attributes }) => [`${type}.${name}[${key ?? ""}]`, attributes]),
    ),
  );
}

interface Change {
  readonly address: string;
  readonly action: string;
}

async function changes(rack: Rack): Promise<Change[]> {
  const plan = JSON.parse((await rack.landfall("plan", cluster, "--json")).stdout) as { changes: Change[] };
  return plan.changes.toSorted((a, b) => a.address.localeCompare(b.address));
}

/** Everything that is one machine's own, and nothing else. */
function only(action: string, machine: string): Change[] {
  return [
    `matchbox_group.machine["${machine}"]`,
    `null_resource.deliver-${machine}`,
    `null_resource.power-${machine}`,
    `null_resource.retire["${machine}"]`,
  ].map((address) => ({ address, action }));
}

/** Machines of which the lab has recorded anything since. */
function machinesIn(rack: Rack, since: number): string[] {
  return [
    ...new Set(
      rack
        .events()
        .slice(since)
        .map(({ machine }) => machine),
    ),
  ].sort();
}

function markerOf(rack: Rack, machine: string): string {
  return readFileSync(join(rack.disk(machine), "marker"), "utf8");
}

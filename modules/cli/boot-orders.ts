// What a deploy asks of Landfall's own boot service. With Matchbox, which knows no orders, each of these does nothing.
import type { MachinePlan, Plan } from "../plan/index.ts";
import { LandfallError } from "../spec/error.ts";
import { withBootClient } from "./boot-service.ts";

interface Landing {
  readonly plan: Plan;
  readonly generation: string;
}

/** Seconds that a boot order waits beyond the time that a machine has to boot. */
const graceSeconds = 300;

/**
 * Allows a machine to boot what its group says, once (a machine without a disk: at every start, until it is retired).
 * Returns whether it will: one that has told of its install already boots its own disk.
 * @throws {LandfallError} `in-service`, `machine-taken`, `order-running`: another landing holds it.
 */
export async function orderBoot(
  { plan, generation }: Landing,
  machine: MachinePlan,
  signal: AbortSignal,
): Promise<boolean> {
  if (plan.boot.service !== "landfall") return true;
  const { mac, name, rack, position, role, pool, address } = machine;
  const disk = plan.pools.find((each) => each.name === pool)?.disk;
  return withBootClient(plan.boot, signal, async (client) => {
    const place = { ...(rack !== undefined && { rack }), ...(position !== undefined && { position }) };
    await client.register({ mac, name, site: plan.site, ...place, role, pool, address });
    try {
      await client.arm({
        mac,
        cluster: plan.cluster,
        generation,
        kind: disk === undefined ? "memory" : "install",
        seconds: plan.timeouts.boot + graceSeconds,
      });
      return true;
    } catch (error) {
      if (error instanceof LandfallError && error.code === "already-installed") return false;
      throw error;
    }
  });
}

/**
 * Ends what the service holds of a landing on a machine: its order, and, where its disk is free, its place in service.
 * One whose disk still bears the mark of its cluster stays taken, as its installer would say too.
 */
export async function endBoot(
  { plan, generation }: Landing,
  { mac }: MachinePlan,
  free: boolean,
  signal: AbortSignal,
): Promise<void> {
  if (plan.boot.service !== "landfall") return;
  await withBootClient(plan.boot, signal, async (client) => {
    const record = await client.get(mac);
    if (record === undefined) return;
    const landing = { mac, cluster: plan.cluster, generation };
    await (free || record.installed === undefined ? client.release(landing) : client.cancel(landing));
  });
}

/** Shows a health report to those who watch the service's page. It is news, and never the reason that a deploy fails. */
export async function showConditions(plan: Plan, report: object, signal: AbortSignal): Promise<void> {
  if (plan.boot.service !== "landfall") return;
  try {
    await withBootClient(plan.boot, signal, (client) => client.putConditions(plan.cluster, report), 2);
  } catch {
    signal.throwIfAborted();
  }
}

// What a deploy asks of Landfall's own boot service. With Matchbox, which knows no orders, each of these does nothing.
import { setTimeout } from "node:timers/promises";
import type { MachinePlan, Plan } from "../plan/index.ts";
import { LandfallError } from "../spec/error.ts";
import { withBootClient } from "./boot-service.ts";
import { isOnItsWay, orderSeconds, type Silent, softTimeoutsOf } from "./patience.ts";
import { inMemory } from "./steps/context.ts";

interface Landing {
  readonly plan: Plan;
  readonly generation: string;
}

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
  return withBootClient(plan.boot, signal, async (client) => {
    const place = { ...(rack !== undefined && { rack }), ...(position !== undefined && { position }) };
    await client.register({ mac, name, site: plan.site, ...place, role, pool, address });
    try {
      await client.arm({
        mac,
        cluster: plan.cluster,
        generation,
        kind: inMemory(plan, name) ? "memory" : "install",
        seconds: orderSeconds(plan),
      });
      return true;
    } catch (error) {
      if (error instanceof LandfallError && error.code === "already-installed") return false;
      throw error;
    }
  });
}

/** Whether a machine that has not answered is on its way all the same. With Matchbox, which cannot tell, none is. */
export async function askWhetherOnItsWay(
  { plan, generation }: Landing,
  { mac }: MachinePlan,
  startedFor: Silent["startedFor"],
  now: Date,
  signal: AbortSignal,
): Promise<boolean> {
  if (plan.boot.service !== "landfall") return false;
  const record = await withBootClient(plan.boot, signal, (client) => client.get(mac));
  const silent = { cluster: plan.cluster, generation, startedFor };
  return record !== undefined && isOnItsWay(record, silent, softTimeoutsOf(plan.boot), now);
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

/**
 * Allows one boot that empties the machine's disk. Its cluster must have let go of it before.
 * @throws {LandfallError} `machine-taken`, `in-service`: it is no longer this cluster's to wipe.
 */
export async function orderWipe(
  { plan, generation }: Landing,
  { mac }: MachinePlan,
  signal: AbortSignal,
): Promise<void> {
  const seconds = orderSeconds(plan);
  await withBootClient(plan.boot, signal, (client) =>
    client.arm({ mac, cluster: plan.cluster, generation, kind: "wipe", seconds }),
  );
}

/** Whether the last that was ordered of a machine is this landing's wipe, and the machine has told that it is done. */
export async function isWiped(
  { plan, generation }: Landing,
  { mac }: MachinePlan,
  signal: AbortSignal,
): Promise<boolean> {
  const record = await withBootClient(plan.boot, signal, (client) => client.get(mac));
  const order = record?.order;
  const mine = order?.cluster === plan.cluster && order.generation === generation;
  return mine && order.kind === "wipe" && order.state === "done" && record?.installed === undefined;
}

/** Waits until the machine has told that its disk is empty. @throws {LandfallError} `not-wiped` */
export async function awaitWipe(
  { plan }: Landing,
  { mac, name }: MachinePlan,
  signal: AbortSignal,
): Promise<void> {
  const deadline = performance.now() + plan.timeouts.boot * 1000;
  await withBootClient(plan.boot, signal, async (client) => {
    for (;;) {
      const order = (await client.get(mac))?.order;
      if (order?.kind === "wipe" && order.state === "done") return;
      const over = order?.kind !== "wipe" || !["armed", "running"].includes(order.state);
      if (over || performance.now() > deadline) {
        throw new LandfallError("not-wiped", `the disk of ${name} was not wiped`, {
          found:
            order === undefined
              ? "no order"
              : `${order.kind}: ${order.state}${order.reason === undefined ? "" : `, ${order.reason}`}`,
          expected: `its word within ${plan.timeouts.boot} s that nothing is left on it`,
          next: "see its console; the same command tries again",
        });
      }
      await setTimeout(1000, undefined, { signal });
    }
  });
}

/** Shows a health report to those who watch the service's page. It is news, and never the reason that a deploy fails. */
export async function showConditions(plan: Plan, report: object, signal: AbortSignal): Promise<void> {
  if (plan.boot.service !== "landfall") return;
  const checked = new Date().toISOString();
  try {
    await withBootClient(
      plan.boot,
      signal,
      (client) => client.putConditions(plan.cluster, { ...report, checked }),
      2,
    );
  } catch {
    signal.throwIfAborted();
  }
}

// How long a machine is waited for. Firmware of real machines tests memory for long, and a slow one is not a broken one. Pure.
import { inForce, longestOrder, type MachineRecord, type SoftTimeouts, softTimeouts } from "../boot/index.ts";
import type { BootPlan, Plan } from "../plan/index.ts";

/** Seconds for which an order outlives those who wait for its machine: each has said so before it is taken back. */
const graceSeconds = 300;

/** Seconds without a word after which a machine that has begun is not heard of lately. */
const quietSeconds = 300;

/** Those that the site sets, and the boot service's own for the others. */
export function softTimeoutsOf({ softTimeouts: set }: Pick<BootPlan, "softTimeouts">): SoftTimeouts {
  return { ...softTimeouts, ...set };
}

/**
 * Seconds for which an order waits for its machine's first request: longer than its deploy does, and longer than it takes
 * until people are told to look at it.
 */
export function orderSeconds({ timeouts, boot }: Pick<Plan, "timeouts" | "boot">): number {
  const waited = Math.max(timeouts.boot, softTimeoutsOf(boot).reboot);
  return Math.min(waited + graceSeconds, longestOrder);
}

/** Of a landing, a machine that was started and has not answered. */
export interface Silent {
  readonly cluster: string;
  readonly generation: string;
  /** Seconds since it was last given power. */
  readonly startedFor: number;
}

/**
 * Whether such a machine is still on its way, as the boot service tells: its order stands, and it was heard of lately, or
 * no soft time-out has passed yet. To switch it off would begin its POST, or its install, again.
 */
export function isOnItsWay(
  { order, heard }: Pick<MachineRecord, "order" | "heard">,
  { cluster, generation, startedFor }: Silent,
  soft: SoftTimeouts,
  now: Date,
): boolean {
  if (order?.cluster !== cluster || order.generation !== generation) return false;
  if (order.kind !== "install" && order.kind !== "memory") return false;
  if (order.state !== "done" && !inForce(order, now)) return false;
  const secondsSince = (time: string | undefined) =>
    time === undefined ? Number.POSITIVE_INFINITY : (now.getTime() - Date.parse(time)) / 1000;
  const quiet = secondsSince(heard);
  // In its firmware, as far as anybody knows.
  if (quiet > startedFor) return startedFor < soft.reboot;
  const installing = order.state === "running" && order.kind === "install";
  const [begun, time] = installing ? [order.taken, soft.install] : [order.ended, soft.reboot];
  return quiet < quietSeconds || Math.min(startedFor, secondsSince(begun)) < time;
}

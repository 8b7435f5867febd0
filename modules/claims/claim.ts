import type { ClusterId } from "../plan/types.ts";
import { LandfallError } from "../spec/error.ts";

/**
 * How far a machine is on its way from one version to another. Each is written down after it is so, and before anything
 * that follows from it:
 * - `leaving`: it was decided; the old version gives it nothing to do any more
 * - `drained`: its pods have moved
 * - `off`: it has no power
 * - `wiped`: nothing is left on its disk, and that is proven
 * - `gone`: the old version's API knows no such node, and the boot service no order for it
 * - `left`: the boot service knows it by no group of the old version
 * - `claimed`: it is the new version's
 * - `landed`: it has its keys
 * After that the node is Ready, and the way is over.
 */
export const stages = ["leaving", "drained", "off", "wiped", "gone", "left", "claimed", "landed"] as const;
export type Stage = (typeof stages)[number];

/** A machine on its way. */
export interface Handover {
  readonly from: ClusterId;
  readonly to: ClusterId;
  readonly stage: Stage;
  /** ISO 8601, of the stages reached. */
  readonly at: Readonly<Partial<Record<Stage, string>>>;
  /** By what it is known that nothing is left on its disk. There from `wiped` on. */
  readonly proof?: string;
  /** The same, of a machine that had to turn back when it was claimed, and that nobody has started since. */
  readonly blank?: string;
}

/** Who holds a machine. One that nobody holds has no claim. */
export interface Claim {
  readonly machine: string;
  readonly holder: ClusterId;
  /** ISO 8601; undefined when it was held before there were claims. */
  readonly since?: string;
  readonly handover?: Handover;
}

/** By machine, of one site. */
export type Claims = ReadonlyMap<string, Claim>;

/** Whether a machine of the cluster is to work for it: it is its own, and not about to leave. */
export function standsIn(claim: Claim | undefined, cluster: ClusterId): boolean {
  return claim?.holder === cluster && !isOnItsWayOut(claim);
}

/** Whether the cluster still holds it, though only to let go of it: nothing but its way out may touch it. */
export function isLeaving(claim: Claim | undefined, cluster: ClusterId): boolean {
  return claim?.holder === cluster && isOnItsWayOut(claim);
}

/** Whether its holder is to lose it, or to have it back only when it has been wiped. */
export function isOnItsWayOut({ handover }: Claim): boolean {
  return handover !== undefined && rank(handover.stage) < rank("claimed");
}

/** Place of a stage among all; -1 for a machine that is on no way. */
export function rank(stage: Stage | undefined): number {
  return stage === undefined ? -1 : stages.indexOf(stage);
}

/** As a part of a sentence about the machine. */
export function wayText({ from, to, stage }: Handover): string {
  return from === to ? `on its way back to ${to} (${stage})` : `on its way from ${from} to ${to} (${stage})`;
}

/**
 * The claim of a cluster on a machine of which it is known who holds it.
 * @throws {LandfallError} `machine-held`
 */
export function claimed(machine: string, before: Claim | undefined, cluster: ClusterId, now: Date): Claim {
  if (before === undefined) return { machine, holder: cluster, since: now.toISOString() };
  if (standsIn(before, cluster)) return before;
  const { holder, handover } = before;
  throw new LandfallError("machine-held", `${machine} is not ${cluster}'s to have`, {
    found: handover === undefined ? `${holder} holds it` : `it is ${wayText(handover)}`,
    expected: `a machine that is free, or held by ${cluster}`,
    next:
      handover === undefined
        ? `hand it over: npx landfall handover ${machine} --from ${holder} --to ${cluster}`
        : "finish that with the same landfall handover as before",
  });
}

// Which of the machines that a version's file names it may have.
import type { ClusterId } from "../plan/types.ts";
import { LandfallError } from "../spec/error.ts";
import { type Claim, type Claims, isLeaving, rank, standsIn, wayText } from "./claim.ts";

/** What the file of a cluster version names. */
export interface Version {
  readonly cluster: ClusterId;
  readonly masters: readonly string[];
  readonly workers: readonly string[];
}

export interface LeftOut {
  readonly machine: string;
  readonly claim: Claim;
}

export interface Allotment {
  /** What a deploy lands, or keeps: held by this version, or free. In the file's order. */
  readonly machines: readonly string[];
  /** Those of them that are on their way out: known to the boot service until they are gone, and let alone. */
  readonly leaving: readonly string[];
  /** Named by the file, and another version's. */
  readonly leftOut: readonly LeftOut[];
}

/** Once it is gone, with its disk wiped, a machine has nothing more to do with the old version, and is not the new one's yet. */
export function allot({ cluster, masters, workers }: Version, claims: Claims): Allotment {
  const named = [...masters, ...workers].map((machine) => ({ machine, claim: claims.get(machine) }));
  const has = ({ claim }: (typeof named)[number]) =>
    claim === undefined ||
    standsIn(claim, cluster) ||
    (isLeaving(claim, cluster) && rank(claim?.handover?.stage) < rank("gone"));
  const names = (list: typeof named) => list.map(({ machine }) => machine);
  return {
    machines: names(named.filter(has)),
    leaving: names(named.filter((each) => has(each) && isLeaving(each.claim, cluster))),
    leftOut: named.flatMap((each) =>
      has(each) || each.claim === undefined ? [] : { machine: each.machine, claim: each.claim },
    ),
  };
}

/** As a sentence. */
export function whyLeftOut({ machine, claim: { holder, handover } }: LeftOut): string {
  if (handover === undefined) return `${machine} is left out: ${holder} holds it`;
  return `${machine} is left out: it is ${wayText(handover)}`;
}

/**
 * A control plane is landed whole, or not at all.
 * @throws {LandfallError} `masters-held`
 */
export function requireMasters({ cluster, masters }: Version, { leftOut }: Allotment): void {
  const missing = leftOut.filter(({ machine }) => masters.includes(machine));
  if (missing.length === 0) return;
  const names = missing.map(({ machine }) => machine).join(", ");
  throw new LandfallError("masters-held", `${cluster} cannot have all of its masters: ${names} missing`, {
    found: missing.map(whyLeftOut).join("; "),
    expected: `${masters.join(", ")}: free, or held by ${cluster}`,
    next: `name free machines as masters of ${cluster}, or retire the version that holds them`,
  });
}

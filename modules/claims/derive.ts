import type { ClusterId } from "../plan/types.ts";
import type { Claim, Claims } from "./claim.ts";

/** What a cluster has on record of a machine that it started. */
export interface Holding {
  readonly cluster: ClusterId;
  readonly machine: string;
  /** ISO 8601. */
  readonly started?: string | undefined;
}

/** Claims as they are written; where none is, the cluster that has started the machine holds it (the latest of them). */
export function derive(written: Iterable<Claim>, holdings: Iterable<Holding>): Claims {
  const claims = new Map<string, Claim>();
  for (const claim of written) claims.set(claim.machine, claim);
  const latest = new Map<string, Holding>();
  for (const holding of holdings) {
    const before = latest.get(holding.machine);
    if (claims.has(holding.machine)) continue;
    if (before === undefined || (holding.started ?? "") > (before.started ?? ""))
      latest.set(holding.machine, holding);
  }
  for (const { machine, cluster } of latest.values()) claims.set(machine, { machine, holder: cluster });
  return claims;
}

// What must be so before a machine may leave one version for another.
import type { ClusterId, Plan } from "../plan/types.ts";
import { LandfallError } from "../spec/error.ts";
import { type Claim, type Claims, isOnItsWayOut, wayText } from "./claim.ts";
import type { Wave } from "./handover.ts";

/** A version as its file says it, whoever holds its machines. */
export type Written = Pick<Plan, "cluster" | "name" | "version" | "site"> & {
  readonly boot: Pick<Plan["boot"], "service">;
  readonly machines: readonly Pick<Plan["machines"][number], "name" | "role">[];
};

export interface HandoverFacts {
  readonly from: Written;
  readonly to: Written;
  readonly claims: Claims;
  /** Of the old version: machines that are masters as it was deployed. Undefined: it is not deployed any more. */
  readonly masters: readonly string[] | undefined;
  /** Whether the old version ends with these machines. Default: it goes on. */
  readonly last?: boolean;
  /** Whether the new version is deployed: a machine is landed into a cluster that is there. */
  readonly landed: boolean;
}

/**
 * All machines of the wave are looked at before any is touched.
 * @throws {LandfallError} `handover-refused`
 */
export function checkHandover({ machines }: Pick<Wave, "machines">, facts: HandoverFacts): void {
  const { from, to, landed } = facts;
  const pair = `${from.cluster} and ${to.cluster}`;
  if (from.name !== to.name || from.version === to.version || from.site !== to.site) {
    throw refused(`${pair} do not share machines`, {
      found: `${from.cluster} at ${from.site}, ${to.cluster} at ${to.site}`,
      expected: "two versions of one cluster, on one site",
      next: "name two files that differ in their version",
    });
  }
  if (from.boot.service !== "landfall") {
    throw refused(`machines of ${from.site} cannot be proven wiped`, {
      found: `boot.service: ${from.boot.service}, which knows no orders`,
      expected: "boot.service: landfall",
      next: `retire ${from.cluster} first (npx landfall destroy ${from.cluster}); ${to.cluster} then takes what is free`,
    });
  }
  if (!landed) {
    throw refused(`${to.cluster} is not deployed`, {
      found: "no cluster that a machine could join",
      expected: `${to.cluster} with its masters on free machines`,
      next: `npx landfall deploy ${to.cluster}`,
    });
  }
  for (const machine of machines) checkMachine(machine, facts);
  if (facts.last) checkLast(machines, facts);
}

/** Who ends a version has named all that the other one is to have of it: nothing goes unseen. */
function checkLast(machines: readonly string[], { from, to, claims }: HandoverFacts): void {
  const shared = to.machines.filter(({ name }) => claims.get(name)?.holder === from.cluster);
  const missing = shared.map(({ name }) => name).filter((name) => !machines.includes(name));
  if (missing.length === 0) return;
  throw refused(`${from.cluster} holds more than that`, {
    found: `${missing.join(", ")}: held by ${from.cluster}, and named by ${to.cluster}`,
    expected: "all machines that go from one to the other, since the cluster ends",
    next: `npx landfall handover ${shared.map(({ name }) => name).join(" ")} --from ${from.cluster} --to ${to.cluster} --retire`,
  });
}

function checkMachine(machine: string, { from, to, claims, masters, last = false }: HandoverFacts): void {
  const claim = claims.get(machine);
  const named = to.machines.find(({ name }) => name === machine);
  if (named === undefined) {
    throw refused(`${to.cluster} has no place for ${machine}`, {
      found: `its file names ${to.machines.map(({ name }) => name).join(", ")}`,
      expected: `${machine} among them`,
      next: `add ${machine} to a pool of ${to.cluster}`,
    });
  }
  if (claim === undefined) {
    throw refused(`${machine} is free`, {
      found: "nobody holds it",
      expected: `a machine of ${from.cluster}`,
      next: `npx landfall deploy ${to.cluster} takes it`,
    });
  }
  if (isArrived(claim, to)) return;
  const way = claim.handover;
  if (!isAbout(claim, from.cluster, to.cluster)) {
    throw refused(`${machine} is not ${from.cluster}'s to give`, {
      found: way === undefined ? `${claim.holder} holds it` : wayText(way),
      expected: `a machine that ${from.cluster} holds`,
      next:
        way === undefined
          ? `npx landfall handover ${machine} --from ${claim.holder} --to ${to.cluster}`
          : `npx landfall handover ${machine} --from ${way.from === way.to ? to.cluster : way.from} --to ${way.to} finishes that`,
    });
  }
  // It only stays where it is, or comes back.
  if (claim.holder === to.cluster) return;
  if (named.role === "master") {
    throw refused(`${machine} is to be a master of ${to.cluster}, which is landed already`, {
      found: "a control plane that stands without it",
      expected: "a worker",
      next: `name it in a pool of ${to.cluster}`,
    });
  }
  if (!last && way === undefined && masters?.includes(machine)) {
    throw refused(`${machine} is a master of ${from.cluster}, which is in service`, {
      found: `etcd on ${masters.join(", ")}: without ${machine} it has ${spare(masters.length)}`,
      expected: "a worker, or a cluster that is retired with all of its masters",
      next: `hand its workers over, then end it: npx landfall handover ${masters.join(" ")} --from ${from.cluster} --to ${to.cluster} --retire`,
    });
  }
}

/** Whether it can go from one to the other: held by the one, on that very way, or on the way that this one takes back. */
function isAbout(claim: Claim, from: ClusterId, to: ClusterId): boolean {
  const { holder, handover } = claim;
  if (handover === undefined || !isOnItsWayOut(claim)) return holder === from || handover?.to === to;
  const there = handover.from === from && [from, to].includes(handover.to);
  const back = handover.from === to && [from, to].includes(handover.to);
  return there || back;
}

function isArrived({ holder, handover }: Claim, to: Written): boolean {
  return handover === undefined && holder === to.cluster;
}

/** What an etcd of so many members can still lose when one of them is gone for good. */
function spare(members: number): string {
  const more = members - 1 - (Math.floor(members / 2) + 1);
  return more < 0 ? "no quorum" : `a quorum that bears the loss of ${more} more`;
}

function refused(message: string, details: { found: string; expected: string; next: string }): LandfallError {
  return new LandfallError("handover-refused", message, details);
}

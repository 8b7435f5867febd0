// How machines change hands: a transaction for each, that goes on from where an earlier run stopped. What is done to the
// world is passed in; whatever is passed may be done again, since a run may end between a thing done and its record.
import type { ClusterId } from "../plan/types.ts";
import { LandfallError } from "../spec/error.ts";
import { type Claim, type Stage, stages } from "./claim.ts";

/** Where claims are written. A claim that was written outlives whatever happens next. */
export interface Book {
  readonly read: (machine: string) => Claim | undefined;
  readonly write: (claim: Claim) => void;
  readonly now: () => Date;
}

/** The way of one machine out of its cluster. */
export interface Departure {
  /** No new pods, and the old ones have moved. */
  readonly drain: () => Promise<void>;
  /** Read back: it has no power. */
  readonly switchOff: () => Promise<void>;
  /** Whatever is on its disk, and whether or not it has power again. Resolves to what proves that nothing is left. */
  readonly wipe: () => Promise<string>;
  /** Its node is gone from the cluster's API, its order and its record with it. */
  readonly forget: () => Promise<void>;
}

/** Takes a machine out of its cluster until its disk is proven empty, and it is gone. */
export async function depart(book: Book, machine: string, departure: Departure): Promise<void> {
  const before = (stage: Stage) => rank(stageOf(book.read(machine))) < rank(stage);
  const reach = (stage: Stage, proof?: string) =>
    book.write(advance(must(book, machine), stage, book.now(), proof));
  if (before("drained")) {
    await departure.drain();
    reach("drained");
  }
  if (before("off")) {
    await departure.switchOff();
    reach("off");
  }
  if (before("wiped")) reach("wiped", await departure.wipe());
  // Not before: until its disk is empty, the old system may be switched on by hand, and would make itself known again.
  if (before("gone")) {
    await departure.forget();
    reach("gone");
  }
}

export interface HandoverWorld extends Book {
  readonly departure: (machine: string) => Departure;
  /** Does this while nobody else works on the old version: a machine is switched off and wiped by one command alone. */
  readonly alone: <T>(work: () => Promise<T>) => Promise<T>;
  /** Makes the old version what the claims say: of machines that are gone the boot service holds no group any more. */
  readonly leave: () => Promise<void>;
  /** Makes the new version what the claims say: each machine of its own has its system and its keys. */
  readonly land: () => Promise<void>;
  /** Waits until a node of each machine is Ready. */
  readonly prove: () => Promise<void>;
}

/** Machines that change hands together. */
export interface Wave {
  readonly from: ClusterId;
  readonly to: ClusterId;
  readonly machines: readonly string[];
}

/**
 * Hands machines over. One that fails on its way out keeps no other from arriving; it stays where it is, claimed by the old
 * version, and the error says why. The same call goes on from there.
 * @throws {LandfallError} of the machine that failed, or `handover-incomplete` for several.
 */
export async function handOver(wave: Wave, world: HandoverWorld): Promise<void> {
  const left = await world.alone(() => {
    for (const machine of wave.machines) begin(wave, machine, world);
    return Promise.allSettled(
      wave.machines.map((machine) =>
        isOnItsWayOut(world.read(machine)) ? depart(world, machine, world.departure(machine)) : undefined,
      ),
    );
  });
  await arrive(wave, world);
  const failed = left.flatMap((each, index) =>
    each.status === "rejected"
      ? [{ machine: wave.machines[index] ?? "", error: each.reason as unknown }]
      : [],
  );
  const [first] = failed;
  if (first !== undefined) throw failed.length === 1 ? first.error : incomplete(wave, failed);
}

/**
 * Ends the old version, and hands over what it still holds: its masters leave together, since no etcd is to go on with
 * fewer. `retire` takes each machine out as `depart` does.
 */
export async function handOverLast(
  wave: Wave,
  world: HandoverWorld,
  retire: () => Promise<void>,
): Promise<void> {
  for (const machine of wave.machines) begin(wave, machine, world);
  if (wave.machines.some((machine) => isOnItsWayOut(world.read(machine)))) await retire();
  await arrive(wave, world);
}

function isOnItsWayOut(claim: Claim | undefined): boolean {
  const stage = stageOf(claim);
  return stage !== undefined && rank(stage) < rank("gone");
}

/** Whatever is gone from the old version is claimed by the new one, and lands there. */
export async function arrive({ machines }: Pick<Wave, "machines">, world: HandoverWorld): Promise<void> {
  const at = (stage: Stage) => machines.filter((machine) => stageOf(world.read(machine)) === stage);
  const reach = (stage: Stage) => {
    const previous = stages[rank(stage) - 1];
    for (const machine of at(previous!)) world.write(advance(must(world, machine), stage, world.now()));
  };
  if (at("gone").length > 0) await world.leave();
  reach("left");
  reach("claimed");
  if (at("claimed").length > 0) await world.land();
  reach("landed");
  if (at("landed").length === 0) return;
  await world.prove();
  for (const machine of at("landed")) {
    const { handover: _, ...claim } = must(world, machine);
    world.write(claim);
  }
}

/** Writes down that a machine is to go; one that is on that way already, or has arrived, is left as it is. */
export function begin({ from, to }: Omit<Wave, "machines">, machine: string, book: Book): void {
  const claim = must(book, machine);
  if (claim.handover !== undefined || claim.holder === to) return;
  const at = { leaving: book.now().toISOString() };
  book.write({ ...claim, handover: { from, to, stage: "leaving", at } });
}

/**
 * The claim with the next stage reached.
 * @throws {TypeError} for a stage that is not the next, or a wipe without its proof: no machine changes hands unproven.
 */
export function advance(claim: Claim, stage: Stage, now: Date, proof?: string): Claim {
  const { handover } = claim;
  if (handover === undefined || rank(stage) !== rank(handover.stage) + 1)
    throw new TypeError(`${claim.machine} cannot be ${stage} after ${handover?.stage ?? "nothing"}`);
  const proven = proof ?? handover.proof;
  if (rank(stage) >= rank("wiped") && proven === undefined)
    throw new TypeError(`nothing proves that ${claim.machine} is wiped`);
  const next = {
    ...handover,
    stage,
    at: { ...handover.at, [stage]: now.toISOString() },
    ...(proven !== undefined && { proof: proven }),
  };
  return stage === "claimed"
    ? { machine: claim.machine, holder: handover.to, since: now.toISOString(), handover: next }
    : { ...claim, handover: next };
}

function stageOf(claim: Claim | undefined): Stage | undefined {
  return claim?.handover?.stage;
}

function rank(stage: Stage | undefined): number {
  return stage === undefined ? -1 : stages.indexOf(stage);
}

function must(book: Book, machine: string): Claim {
  const claim = book.read(machine);
  if (claim === undefined) throw new TypeError(`nobody holds ${machine}`);
  return claim;
}

function incomplete(
  { from, to }: Wave,
  failed: readonly { readonly machine: string; readonly error: unknown }[],
): LandfallError {
  const names = failed.map(({ machine }) => machine);
  const said = ({ machine, error }: (typeof failed)[number]) => {
    const found = error instanceof LandfallError ? error.details.found : undefined;
    const message = error instanceof Error ? error.message : String(error);
    return `${machine}: ${message}${found === undefined ? "" : ` (${found})`}`;
  };
  return new LandfallError("handover-incomplete", `${names.join(", ")} did not leave ${from}`, {
    found: failed.map(said).join("\n"),
    expected: `machines with empty disks; the others are ${to}'s`,
    next: `npx landfall handover ${names.join(" ")} --from ${from} --to ${to} goes on with them`,
  });
}

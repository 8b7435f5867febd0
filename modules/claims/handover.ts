// How machines change hands: a transaction for each, that goes on from where an earlier run stopped. What is done to the
// world is passed in; whatever is passed may be done again, since a run may end between a thing done and its record.
import type { ClusterId } from "../plan/types.ts";
import { LandfallError } from "../spec/error.ts";
import { type Claim, rank, type Stage } from "./claim.ts";

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
  /** Whether the old version has ever started it since it has it. */
  readonly started: (machine: string) => boolean;
  /** Does this while nobody else works on the old version: a machine is switched off and wiped by one command alone. */
  readonly alone: <T>(work: () => Promise<T>) => Promise<T>;
  /** Makes the old version what the claims say: of machines that are gone the boot service holds no group any more. */
  readonly leave: () => Promise<void>;
  /** Makes the new version what the claims say, as far as its machines do. */
  readonly land: () => Promise<void>;
  /** Returns when the machine has its keys and its node is Ready. @throws why it has not, or is not */
  readonly ready: (machine: string) => Promise<void>;
}

/** Machines that change hands together. */
export interface Wave {
  readonly from: ClusterId;
  readonly to: ClusterId;
  readonly machines: readonly string[];
}

/** A machine that has not arrived, and why. The same call goes on with it. */
export interface Failed {
  readonly machine: string;
  readonly why: string;
  readonly error: unknown;
}

/**
 * Hands machines over. One that fails on its way out, or as it lands, keeps no other from arriving, and is returned: the
 * same call goes on with it.
 */
export async function handOver(wave: Wave, world: HandoverWorld): Promise<readonly Failed[]> {
  const out = await world.alone(() => {
    for (const machine of wave.machines) begin(wave, machine, world);
    return each(
      wave.machines.filter((machine) => isBefore("gone", world.read(machine))),
      (machine) => depart(world, machine, world.departure(machine)),
    );
  });
  return [...out, ...(await arrive(wave, world))];
}

/**
 * Ends the old version, and hands over what it still holds: its masters leave together, since no etcd is to go on with
 * fewer. `retire` takes each machine out as `depart` does.
 */
export async function handOverLast(
  wave: Wave,
  world: HandoverWorld,
  retire: () => Promise<void>,
): Promise<readonly Failed[]> {
  await world.alone(async () => {
    for (const machine of wave.machines) begin(wave, machine, world);
  });
  if (wave.machines.some((machine) => isBefore("gone", world.read(machine)))) await retire();
  return await arrive(wave, world);
}

/** Whatever is gone from the old version is claimed by the new one, and lands there. */
async function arrive({ machines }: Wave, world: HandoverWorld): Promise<Failed[]> {
  const at = (stage: Stage) => machines.filter((machine) => stageOf(world.read(machine)) === stage);
  const reach = (stage: Stage, some: readonly string[]) => {
    for (const machine of some) world.write(advance(must(world, machine), stage, world.now()));
  };
  if (at("gone").length > 0) await world.leave();
  reach("left", at("gone"));
  reach("claimed", at("left"));
  if (at("claimed").length === 0 && at("landed").length === 0) return [];
  const landed = await world.land().then(
    () => undefined,
    (error: unknown) => ({ error }),
  );
  const coming = [...at("claimed"), ...at("landed")];
  const failed = await each(coming, async (machine) => {
    await world.ready(machine);
    if (stageOf(world.read(machine)) === "claimed") reach("landed", [machine]);
    const { handover: _, ...claim } = must(world, machine);
    world.write(claim);
  });
  // What went wrong with none of these machines is the new version's own trouble.
  if (landed !== undefined && failed.length === 0) throw landed.error;
  return failed;
}

/** Writes down that a machine is to go; one that is on that way already, or has arrived, is left as it is. */
function begin({ from, to }: Wave, machine: string, world: HandoverWorld): void {
  const claim = must(world, machine);
  const { holder, handover } = claim;
  if (holder !== from || (from === to && handover !== undefined)) return;
  if (handover !== undefined && isBefore("claimed", claim)) {
    // It was to come back, and is now to go after all.
    if (handover.to === from) world.write({ ...claim, handover: { ...handover, to } });
    return;
  }
  // It turns back at its arrival, and is still as it was proven.
  const blank = handover?.stage === "claimed" && !world.started(machine) ? handover.proof : undefined;
  const at = { leaving: world.now().toISOString() };
  world.write({
    ...claim,
    handover: { from, to, stage: "leaving", at, ...(blank !== undefined && { blank }) },
  });
}

/**
 * Turns machines back that are on their way out, and still their old version's: one that nothing was done to stays where it
 * is, `stay` undoes the rest of that; any other goes all the way, to where it came from. Returns those.
 */
export async function turnBack(
  { to, machines }: Wave,
  book: Book,
  stay: (machine: string) => Promise<void>,
): Promise<readonly string[]> {
  const turned: string[] = [];
  for (const machine of machines) {
    const claim = book.read(machine);
    const { handover, ...kept } = claim ?? {};
    if (claim?.holder !== to || handover === undefined || handover.from !== to) continue;
    if (handover.blank !== undefined) {
      // It had not even arrived when it was to go again.
      const { blank: proof, ...way } = handover;
      book.write({ ...claim, handover: { ...way, to, stage: "claimed", proof } });
      turned.push(machine);
      continue;
    }
    if (handover.stage === "leaving") {
      await stay(machine);
      book.write(kept as Claim);
      continue;
    }
    if (handover.to !== to) book.write({ ...claim, handover: { ...handover, to } });
    turned.push(machine);
  }
  return turned;
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
  const { blank: _, ...way } = handover;
  const next = {
    ...(rank(stage) < rank("wiped") ? handover : way),
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

function isBefore(stage: Stage, claim: Claim | undefined): boolean {
  return claim?.handover !== undefined && rank(claim.handover.stage) < rank(stage);
}

function must(book: Book, machine: string): Claim {
  const claim = book.read(machine);
  if (claim === undefined) throw new TypeError(`nobody holds ${machine}`);
  return claim;
}

/** All of them at once; returns those that failed. */
async function each(
  machines: readonly string[],
  work: (machine: string) => Promise<void>,
): Promise<Failed[]> {
  const ends = await Promise.allSettled(machines.map(work));
  return ends.flatMap((end, index) =>
    end.status === "rejected"
      ? { machine: machines[index] ?? "", why: sentence(end.reason), error: end.reason as unknown }
      : [],
  );
}

function sentence(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const found = error instanceof LandfallError ? error.details.found : undefined;
  return found === undefined ? message : `${message} (${found})`;
}

/** What is thrown where machines that have not arrived end a command. */
export function incomplete({ from, to }: Wave, failed: readonly Failed[]): unknown {
  const [first, ...more] = failed;
  if (first !== undefined && more.length === 0) return first.error;
  const names = failed.map(({ machine }) => machine);
  return new LandfallError("handover-incomplete", `${names.join(", ")} did not come from ${from} to ${to}`, {
    found: failed.map(({ machine, why }) => `${machine}: ${why}`).join("\n"),
    expected: `machines that are Ready in ${to}; the others are`,
    next: `npx landfall handover ${names.join(" ")} --from ${from} --to ${to} goes on with them`,
  });
}

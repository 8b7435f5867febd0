// Carries a replacement out, step by step, or takes it back. Every step may have been begun by an earlier run that was killed
// in the middle: what it does is done again from the start, and finds what is there.
import { LandfallError } from "../spec/index.ts";
import type { Journal, StepRecord } from "./journal.ts";
import * as journals from "./journal.ts";
import { pointOfNoReturn } from "./plan.ts";
import type { Check, Step } from "./types.ts";

/** A machine that could not go, and why. */
export interface Failed {
  readonly machine: string;
  readonly why: string;
}

/** What the engine does to the world. Each may be called again after it was cut short anywhere, or had ended. */
export interface Effects {
  /** Green, with the machines that it may have by now; returns when it is proven healthy. */
  readonly land: () => Promise<void>;
  /** Looks at whether green can have blue's workloads; touches nothing. @throws {LandfallError} with what is in the way */
  readonly rehearse: () => Promise<void>;
  /**
   * Green ends, and its machines are free. `promised` could not come back to blue while it stood, whatever held them: those
   * that do now are returned.
   */
  readonly unland: (promised: readonly string[]) => Promise<readonly string[]>;
  /** Returns when all health conditions hold. */
  readonly prove: (cluster: "blue" | "green") => Promise<void>;
  /** @throws {LandfallError} `check-failed` */
  readonly check: (check: Pick<Check, "name" | "command" | "job" | "timeout">) => Promise<void>;
  /**
   * From blue to green. A machine that cannot go stays where it is, keeps no other from going, and is returned. `idle`: blue
   * serves nobody any more, and what its disruption budgets protect is nothing.
   */
  readonly handOver: (machines: readonly string[], idle: boolean) => Promise<readonly Failed[]>;
  /** From green to blue, wherever they are on the way. */
  readonly handBack: (machines: readonly string[]) => Promise<readonly Failed[]>;
  /** Green gets blue's workloads; returns when they are ready there. */
  readonly migrate: () => Promise<void>;
  /** What the migration took from blue is blue's again. */
  readonly unmigrate: () => Promise<void>;
  /** Percent of the traffic that is to go to green. Returns when it does. */
  readonly shift: (share: number) => Promise<void>;
  readonly archive: () => Promise<void>;
  /** Blue ends, and what it still held is free. */
  readonly retire: () => Promise<void>;
}

export interface World {
  readonly effects: Effects;
  readonly now: () => Date;
  readonly sleep: (milliseconds: number) => Promise<void>;
  /** Written when it returns, whatever happens next. */
  readonly save: (journal: Journal) => void;
  readonly tell: (event: RolloutEvent) => void;
  readonly signal?: AbortSignal | undefined;
}

export type RolloutEvent =
  | {
      readonly kind: "begun" | "done" | "undoing" | "undone";
      readonly step: Step;
      readonly record: StepRecord;
    }
  | { readonly kind: "note"; readonly text: string };

/** Seconds between two looks at green's health. */
const soakInterval = 10;
const holdInterval = 30;

/**
 * Goes on with the replacement until blue is gone.
 * @throws {LandfallError} `aborting` if it was aborted; of the step that failed: the same call goes on with it.
 */
export async function runRollout(opened: Journal, world: World): Promise<Journal> {
  if (opened.ended !== undefined) return opened;
  if (opened.direction === "back") {
    throw new LandfallError("aborting", `the replacement of ${opened.blue} is on its way back`, {
      found: `it was aborted, and ${opened.blue} has not everything again yet`,
      next: `finish that: npx landfall upgrade ${opened.name} --to ${versionOf(opened)} --abort`,
    });
  }
  const book = new Book(opened, world);
  for (const step of opened.plan.steps) {
    if (book.record(step).state === "done") continue;
    world.signal?.throwIfAborted();
    book.save(journals.begin(book.journal, step.id, world.now()));
    world.tell({ kind: "begun", step, record: book.record(step) });
    await book.attempt(step, () => perform(step, world, book));
    book.save(journals.finish(book.journal, step.id, world.now()));
    world.tell({ kind: "done", step, record: book.record(step) });
  }
  book.save(journals.end(book.journal, "replaced", world.now()));
  return book.journal;
}

/** The journal as it is by now: each change of it is written before anything else happens. */
class Book {
  journal: Journal;
  readonly #world: World;

  constructor(journal: Journal, world: World) {
    this.journal = journal;
    this.#world = world;
  }

  save(journal: Journal): void {
    this.journal = journal;
    this.#world.save(journal);
  }

  record({ id }: Step): StepRecord {
    return journals.recordOf(this.journal, id);
  }

  /** Why a step failed is written down, and thrown on; one that was interrupted has not failed. */
  async attempt({ id }: Step, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#world.signal?.throwIfAborted();
      this.save(journals.fail(this.journal, id, sentence(error)));
      throw error;
    }
  }
}

async function perform(step: Step, world: World, book: Book): Promise<void> {
  const { effects } = world;
  const shift = async (share: number) => {
    // Written before: of a shift that is cut short it must be known that it was begun.
    book.save({ ...book.journal, share });
    await effects.shift(share);
  };
  switch (step.kind) {
    case "land":
      await effects.land();
      // Before anything of blue's is touched.
      return effects.rehearse();
    case "settle":
      return effects.land();
    case "soak":
      return soak(step.soak, world);
    case "check":
      return effects.check(step.check);
    case "wave": {
      const failed = await effects.handOver(step.machines, !step.reversible);
      const left = failed.map((each) => ({ ...each, step: step.id }));
      if (left.length > 0 && step.reversible) throw waveIncomplete(book.journal, step.id, failed);
      book.save(journals.leave(book.journal, left));
      // Blue has ended for the world by now: what does not come along is retired with it.
      for (const { machine, why } of left)
        world.tell({ kind: "note", text: `${machine} stays behind: ${why}` });
      return;
    }
    case "migrate":
      return effects.migrate();
    case "canary":
      await effects.prove("green");
      await shift(step.canary.share);
      await pause(step.canary.seconds, world);
      try {
        const { check, timeout } = step.canary;
        await effects.check({ name: "canary", command: check, timeout });
      } catch (error) {
        world.signal?.throwIfAborted();
        await shift(0);
        throw error;
      }
      return;
    case "cut-over":
      await effects.prove("green");
      return shift(100);
    case "hold":
      await hold(step.hold, book.record(step), world);
      // Nothing of blue's is given up while green is not well.
      return effects.prove("green");
    case "archive":
      return effects.archive();
    case "retire":
      return effects.retire();
  }
}

/** Green stays healthy for as long, watched: time in which nobody looked does not count. */
async function soak(seconds: number, world: World): Promise<void> {
  await world.effects.prove("green");
  const until = world.now().getTime() + seconds * 1000;
  for (let left = seconds; left > 0; left = (until - world.now().getTime()) / 1000) {
    await pause(Math.min(soakInterval, left), world);
    await world.effects.prove("green");
  }
}

/** Counted from its first beginning: while the command was gone, blue was still there. */
async function hold(seconds: number, { begun }: StepRecord, world: World): Promise<void> {
  const until = (begun === undefined ? world.now().getTime() : Date.parse(begun)) + seconds * 1000;
  const left = () => (until - world.now().getTime()) / 1000;
  while (left() > 0) {
    await pause(Math.min(holdInterval, left()), world);
    if (left() <= 0) return;
    try {
      await world.effects.prove("green");
    } catch (error) {
      world.signal?.throwIfAborted();
      world.tell({ kind: "note", text: `during the hold: ${sentence(error)}` });
    }
  }
}

async function pause(seconds: number, { sleep, signal }: World): Promise<void> {
  if (seconds > 0) await sleep(seconds * 1000);
  signal?.throwIfAborted();
}

/**
 * Goes back to blue, from wherever the replacement is, by taking each step back in reverse.
 * @throws {LandfallError} `no-return` when blue is being retired, or is gone
 */
export async function abortRollout(opened: Journal, world: World): Promise<Journal> {
  requireReturn(opened);
  if (opened.ended !== undefined) return opened;
  const book = new Book(opened, world);
  book.save({ ...opened, direction: "back" });
  for (const step of opened.plan.steps.toReversed()) {
    const { state } = book.record(step);
    if (state === "pending" || state === "undone") continue;
    world.signal?.throwIfAborted();
    world.tell({ kind: "undoing", step, record: book.record(step) });
    await book.attempt(step, () => takeBack(step, world, book));
    book.save(journals.undone(book.journal, step.id, world.now()));
    world.tell({ kind: "undone", step, record: book.record(step) });
  }
  await world.effects.prove("blue");
  book.save(journals.end(book.journal, "aborted", world.now()));
  return book.journal;
}

async function takeBack(step: Step, world: World, book: Book): Promise<void> {
  const { effects } = world;
  switch (step.kind) {
    case "canary":
    case "cut-over":
      await effects.shift(0);
      return book.save({ ...book.journal, share: 0 });
    case "migrate":
      return effects.unmigrate();
    case "wave": {
      const failed = await effects.handBack(step.machines);
      const left = failed.map((each) => ({ ...each, step: step.id }));
      book.save(journals.leave(book.journal, left));
      // A dead machine must not keep the others from serving.
      for (const { machine, why } of failed)
        world.tell({ kind: "note", text: `${machine} does not come back to ${book.journal.blue}: ${why}` });
      return;
    }
    case "land": {
      const { leftBehind } = book.journal;
      const back = new Set(await effects.unland(leftBehind.map(({ machine }) => machine)));
      return book.save({
        ...book.journal,
        leftBehind: leftBehind.filter(({ machine }) => !back.has(machine)),
      });
    }
    case "soak":
    case "check":
    case "hold":
    case "archive":
      return;
    case "retire":
    case "settle":
      throw new TypeError(`${step.id} cannot be taken back`);
  }
}

/** @throws {LandfallError} `no-return` */
function requireReturn({ blue, green, plan, steps, ended }: Journal): void {
  const begun = plan.steps.find(
    (_, index) => index >= pointOfNoReturn(plan) && steps[index]?.state !== "pending",
  );
  if (begun === undefined) return;
  throw new LandfallError("no-return", `${blue} cannot be had back: its retirement has begun`, {
    found: ended === undefined ? `the step ${begun.id} was begun` : `${green} has taken its place`,
    expected: "an abort before the point of no return",
    next:
      ended === undefined
        ? `npx landfall upgrade ${plan.name} --to ${versionOf({ name: plan.name, green })} finishes the replacement; ${blue}'s archive holds its last state`
        : `to go back, replace ${green} by a new version, or restore ${blue}'s archive`,
  });
}

function waveIncomplete({ blue, green }: Journal, id: string, failed: readonly Failed[]): LandfallError {
  const names = failed.map(({ machine }) => machine).join(", ");
  return new LandfallError("wave-incomplete", `${names} did not come from ${blue} to ${green} in ${id}`, {
    found: failed.map(({ machine, why }) => `${machine}: ${why}`).join("\n"),
    expected: `all of them: without them ${green} has no room for the work`,
    next: "mend them and run the same command again, or go back with --abort",
  });
}

function versionOf({ name, green }: Pick<Journal, "name" | "green">): string {
  return green.slice(name.length + 1);
}

function sentence(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

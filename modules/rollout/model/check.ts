// Plays replacements many times, and shrinks what goes wrong to the shortest story that does.
import fc from "fast-check";
import { LandfallError } from "../../spec/index.ts";
import { names, testCluster, testInput, testLoad } from "../testing.ts";
import type { RolloutInput } from "../types.ts";
import { type Fate, type Faulty, Killed, SimulatedWorld } from "./world.ts";

export interface CheckOptions {
  readonly runs: number;
  readonly seed: number;
  readonly faulty?: Faulty;
  /** Milliseconds to look for a shorter story; 0: the first one will do. Default: 20 s. */
  readonly shrinkFor?: number;
}

export interface Outcomes {
  readonly replaced: number;
  readonly aborted: number;
  readonly kills: number;
  readonly deaths: number;
  readonly refusedAborts: number;
}

/** How often it may be run again before it is taken to go nowhere. */
const patience = 400;

/** What went wrong, with its story and how to see it again; otherwise what was played. */
export async function checkRollouts(options: CheckOptions): Promise<string | Outcomes> {
  const { runs, seed, faulty, shrinkFor = 20_000 } = options;
  let failedSince: number | undefined;
  let story: readonly string[] = [];
  const played = { replaced: 0, aborted: 0, kills: 0, deaths: 0, refusedAborts: 0 };
  const stories = fc.record({
    workers: fc.integer({ min: 1, max: 8 }),
    spares: fc.integer({ min: 0, max: 4 }),
    masters: fc.subarray(["m1", "m2", "m3"]),
    share: fc.integer({ min: 0, max: 100 }),
    canary: fc.boolean(),
    waves: fc.integer({ min: 1, max: 4 }),
    nerve: fc.integer({ min: 2, max: 30 }),
    choices: fc.array(fc.nat(2 ** 16), { maxLength: 500, size: "max" }),
  });
  const result = await fc.check(
    fc.asyncProperty(stories, async ({ choices, nerve, ...cluster }) => {
      if (failedSince !== undefined && performance.now() - failedSince > shrinkFor) return;
      const input = inputOf(cluster);
      if (input === undefined) return;
      const next = chooser(choices);
      const world = new SimulatedWorld(input, fateOf(next), faulty);
      try {
        played.refusedAborts += await play(world, next, nerve);
        world.checkEnd();
      } catch (error) {
        failedSince ??= performance.now();
        story = world.log;
        throw error;
      }
      played[world.journal.ended?.outcome === "replaced" ? "replaced" : "aborted"] += 1;
      played.kills += world.log.filter((line) => line === "killed").length;
      played.deaths += world.log.filter((line) => line.endsWith(" dies")).length;
    }),
    { numRuns: runs, seed, endOnFailure: shrinkFor === 0 },
  );
  if (!result.failed) return played;
  const { errorInstance: error } = result;
  return [
    error instanceof Error ? (error.stack ?? error.message) : String(error),
    `seed ${seed}, after ${result.numRuns} runs, path ${result.counterexamplePath}:`,
    ...story,
  ].join("\n");
}

/**
 * Runs the command until the replacement has ended, however often it is killed, fails, or somebody changes their mind: once
 * in `nerve` times.
 */
async function play(world: SimulatedWorld, next: () => number, nerve: number): Promise<number> {
  let refused = 0;
  for (let round = 0; world.journal.ended === undefined; round += 1) {
    if (round > patience) throw new Error(`no end after ${patience} runs`);
    const aborting = world.journal.direction === "back" || next() % nerve === 1;
    world.log.push(aborting ? "$ upgrade --abort" : "$ upgrade");
    try {
      await world.command(aborting ? "abort" : "run");
    } catch (error) {
      if (error instanceof LandfallError) {
        world.log.push(error.message);
        if (error.code === "no-return") refused += 1;
        else world.mend();
      } else if (!(error instanceof Killed)) throw error;
    }
    // Whoever is dead is mended sooner or later.
    if (next() % 3 === 0) world.mend();
  }
  return refused;
}

/** Undefined once the story is told: from then on nothing happens. */
function chooser(choices: readonly number[]): () => number {
  let index = 0;
  return () => choices[index++] ?? 0;
}

function fateOf(next: () => number): Fate {
  return {
    kill: () => next() % 23 === 1,
    death: (machines) => {
      const choice = next();
      return choice % 31 === 1 ? machines[choice % machines.length] : undefined;
    },
    pace: () => (next() % 101) / 100,
  };
}

interface Chosen {
  readonly workers: number;
  readonly spares: number;
  readonly masters: readonly string[];
  /** Percent of blue's room that the work requests. */
  readonly share: number;
  readonly canary: boolean;
  readonly waves: number;
}

/** Undefined where there is no room for two. */
function inputOf({ workers, spares, masters, share, canary, waves }: Chosen): RolloutInput | undefined {
  const own = names("w", workers);
  const more = names("s", spares);
  const cores = Math.floor((workers * 4 * share) / 100);
  if (cores > Math.floor((workers + spares) / 2) * 4 || cores > workers * 4) return undefined;
  const blue = testCluster("v1", { masters: ["m1", "m2", "m3"], workers: own });
  const green = testCluster("v2", { masters: ["g1"], workers: [...more, ...own, ...masters] });
  return testInput(blue, green, {
    load: testLoad([...own, ...more, ...masters], { any: cores }),
    replacement: {
      waves,
      checks: [{ name: "web", command: ["true"] }],
      ...(canary && { canary: { share: 10, seconds: 30, check: ["true"] } }),
    },
  });
}

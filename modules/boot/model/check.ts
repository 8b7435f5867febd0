// Plays the world many times, and shrinks what goes wrong to the shortest story that does.
import fc from "fast-check";
import { type Faulty, World } from "./world.ts";

export interface CheckOptions {
  readonly runs: number;
  readonly seed: number;
  readonly faulty?: Faulty;
  /** Milliseconds to look for a shorter story; 0: the first one will do. Default: 20 s. */
  readonly shrinkFor?: number;
}

/** What went wrong, with its story and how to see it again; undefined: nothing did. */
export async function checkOrders(options: CheckOptions): Promise<string | undefined> {
  const { runs, seed, faulty, shrinkFor = 20_000 } = options;
  let story: readonly string[] = [];
  // Mostly long: short lists of choices are calm days.
  const choices = fc.array(fc.nat(2 ** 16), { maxLength: 700, size: "max" });
  let failedSince: number | undefined;
  const result = await fc.check(
    fc.asyncProperty(choices, async (chosen) => {
      if (failedSince !== undefined && performance.now() - failedSince > shrinkFor) return;
      const world = new World(chosen, faulty);
      try {
        await world.play();
      } catch (error) {
        failedSince ??= performance.now();
        story = world.sim.log;
        throw error;
      }
    }),
    { numRuns: runs, seed, endOnFailure: shrinkFor === 0 },
  );
  if (!result.failed) return undefined;
  const { errorInstance: error } = result;
  return [
    error instanceof Error ? error.message : String(error),
    `seed ${seed}, after ${result.numRuns} runs, path ${result.counterexamplePath}:`,
    ...story,
  ].join("\n");
}

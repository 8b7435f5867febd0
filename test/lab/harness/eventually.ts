// Conditions are awaited, never slept for.
import { setTimeout as delay } from "node:timers/promises";

/**
 * Asks until there is an answer other than undefined.
 * @throws Error with `what` and the last failure, when there is none within `seconds`.
 */
export async function eventually<T>(
  what: string,
  seconds: number,
  ask: () => Promise<T | undefined>,
  everyMs = 250,
): Promise<T> {
  const deadline = performance.now() + seconds * 1000;
  let last: unknown;
  for (;;) {
    try {
      const answer = await ask();
      if (answer !== undefined) return answer;
      last = undefined;
    } catch (error) {
      last = error;
    }
    if (performance.now() > deadline) {
      throw new Error(`${what}: not within ${seconds} s${last === undefined ? "" : ` (${last})`}`);
    }
    await delay(everyMs);
  }
}

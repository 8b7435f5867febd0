import { LandfallError } from "../spec/index.ts";
import type { PowerDeps, PowerOptions } from "./types.ts";

/** What an attempt came to: the value, or what was there in place of what is waited for. */
export type Outcome<T> = { readonly value: T } | { readonly found: string; readonly expected: string };

const firstPause = 100;
const longestPause = 2000;

/**
 * Repeats `attempt` until it gives a value. Controllers drop requests, answer 500 and forget what they accepted:
 * every error is tried again, with growing and spread pauses, but for a LandfallError, which no repetition mends.
 */
export async function until<T>({
  what,
  attempt,
  deps: { clock, random = Math.random },
  options: { timeoutSeconds = 120, signal },
}: {
  /** Verb first, as `power on through the BMC ...`. */
  readonly what: string;
  readonly attempt: () => Promise<Outcome<T>>;
  readonly deps: Pick<PowerDeps, "clock" | "random">;
  readonly options: PowerOptions;
}): Promise<T> {
  const deadline = clock.now() + timeoutSeconds * 1000;
  let last: { found: string; expected?: string; cause?: unknown };
  for (let pause = firstPause; ; pause = Math.min(pause * 2, longestPause)) {
    signal?.throwIfAborted();
    try {
      const outcome = await attempt();
      if ("value" in outcome) return outcome.value;
      last = outcome;
    } catch (cause) {
      signal?.throwIfAborted();
      if (cause instanceof LandfallError) throw cause;
      last = { found: messageOf(cause), cause };
    }
    const wait = pause * (0.5 + random());
    if (clock.now() + wait >= deadline)
      throw new LandfallError("bmc-timeout", `could not ${what} within ${timeoutSeconds} s`, {
        expected: "an answer from the BMC",
        next: "see whether the BMC answers at its address, and what its own log says; then run this step again",
        ...last,
      });
    await clock.sleep(wait, signal);
  }
}

/** fetch says "fetch failed" and keeps the reason in the cause. */
function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause instanceof Error ? `: ${error.cause.message}` : "";
  return error.message + cause;
}

import { type ErrorDetails, LandfallError } from "../spec/error.ts";
import type { TrafficDeps } from "./types.ts";

const firstPause = 100;
const longestPause = 2000;

export interface Trial<T> {
  /** Verb first, as `shift 100 % to prod-v2`. */
  readonly what: string;
  /** The value, or what was found in its place. */
  readonly attempt: () => Promise<{ readonly value: T } | { readonly found: string }>;
  readonly timeoutSeconds: number;
  readonly clock: TrafficDeps["clock"];
  readonly signal: AbortSignal | undefined;
  /** Of the error at the time-out. */
  readonly failure: { readonly code: string } & ErrorDetails;
}

/** Repeats `attempt` until it gives a value; every error is tried again, but for a LandfallError. */
export async function until<T>(trial: Trial<T>): Promise<T> {
  const { what, attempt, timeoutSeconds, clock, signal, failure } = trial;
  const deadline = clock.now() + timeoutSeconds * 1000;
  for (let pause = firstPause; ; pause = Math.min(pause * 2, longestPause)) {
    signal?.throwIfAborted();
    let last: { found: string; cause?: unknown };
    try {
      const outcome = await attempt();
      if ("value" in outcome) return outcome.value;
      last = outcome;
    } catch (cause) {
      signal?.throwIfAborted();
      if (cause instanceof LandfallError) throw cause;
      last = { found: cause instanceof Error ? cause.message : String(cause), cause };
    }
    if (clock.now() + pause >= deadline) {
      const { code, ...details } = failure;
      throw new LandfallError(code, `could not ${what} within ${timeoutSeconds} s`, { ...details, ...last });
    }
    await clock.sleep(pause, signal);
  }
}

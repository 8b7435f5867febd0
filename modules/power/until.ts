import { type ErrorDetails, LandfallError } from "../spec/index.ts";
import type { PowerDeps, PowerOptions } from "./types.ts";

/** What an attempt came to: the value, or what was there in place of what is waited for. */
export type Outcome<T> = { readonly value: T } | { readonly found: string; readonly expected: string };

const firstPause = 100;
const longestPause = 2000;
/** Milliseconds: a controller that asks for more is asked sooner. */
const longestRest = 30_000;

/** A controller that is busy, and said for how long. */
export class Busy extends Error {
  readonly seconds: number;

  constructor(message: string, seconds: number) {
    super(message);
    this.seconds = seconds;
  }
}

export interface Trial<T> {
  /** Verb first, as `power on through the BMC ...`. */
  readonly what: string;
  readonly attempt: () => Promise<Outcome<T>>;
  readonly deps: Pick<PowerDeps, "clock" | "random">;
  readonly options: PowerOptions;
  /** Of the error at the time-out. Default: a BMC that does not do as it is told. */
  readonly failure?: { readonly code: string } & ErrorDetails;
}

/**
 * Repeats `attempt` until it gives a value. Controllers drop requests, answer 500 and forget what they accepted:
 * every error is tried again, with growing and spread pauses, but for a LandfallError, which no repetition mends.
 */
export async function until<T>({
  what,
  attempt,
  deps: { clock, random = Math.random },
  options: { timeoutSeconds = 120, signal },
  failure = {
    code: "bmc-timeout",
    expected: "an answer from the BMC",
    next: "see whether the BMC answers at its address, and what its own log says; then run this step again",
  },
}: Trial<T>): Promise<T> {
  const deadline = clock.now() + timeoutSeconds * 1000;
  let last: { found: string; expected?: string; cause?: unknown };
  for (let pause = firstPause; ; pause = Math.min(pause * 2, longestPause)) {
    signal?.throwIfAborted();
    let rest = 0;
    try {
      const outcome = await attempt();
      if ("value" in outcome) return outcome.value;
      last = outcome;
    } catch (cause) {
      signal?.throwIfAborted();
      if (cause instanceof LandfallError) throw cause;
      if (cause instanceof Busy) rest = Math.min(cause.seconds * 1000, longestRest);
      last = { found: messageOf(cause), cause };
    }
    const wait = Math.max(rest, pause * (0.5 + random()));
    if (clock.now() + wait >= deadline) {
      const { code, ...details } = failure;
      throw new LandfallError(code, `could not ${what} within ${timeoutSeconds} s`, { ...details, ...last });
    }
    await clock.sleep(wait, signal);
  }
}

export interface Change<S> {
  readonly what: string;
  readonly expected: string;
  readonly read: () => Promise<S>;
  /** Whether what was read is what is wanted. `asked`: a request for it was accepted during this call. */
  readonly done: (state: S, asked: boolean) => boolean;
  readonly found: (state: S) => string;
  /** Asks for the change; resolves when it was accepted, which proves nothing. */
  readonly ask: (state: S) => Promise<unknown>;
  readonly deps: Pick<PowerDeps, "clock" | "random">;
  readonly options: PowerOptions;
  /** As a trial's. */
  readonly failure?: Trial<void>["failure"];
}

/** Reads, asks where it has to, and reads again until the change is there. */
export async function change<S>(wanted: Change<S>): Promise<void> {
  const { what, expected, read, done, found, ask, deps, options, failure } = wanted;
  const settle = (options.settleSeconds ?? 10) * 1000;
  let askedAt: number | undefined;
  await until({
    what,
    deps,
    options,
    ...(failure === undefined ? {} : { failure }),
    attempt: async () => {
      const state = await read();
      if (done(state, askedAt !== undefined)) return { value: undefined };
      if (askedAt === undefined || deps.clock.now() - askedAt >= settle) {
        // Only a request that the controller accepted is given time; a failed one is repeated.
        askedAt = undefined;
        await ask(state);
        askedAt = deps.clock.now();
      }
      return { found: found(state), expected };
    },
  });
}

/** fetch says "fetch failed" and keeps the reason in the cause. */
function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause instanceof Error ? `: ${error.cause.message}` : "";
  return error.message + cause;
}

// Whether a machine without a controller is on, as far as its network can tell.
import type { Body } from "../plan/index.ts";
import type { ErrorDetails } from "../spec/index.ts";
import type { PowerDeps, PowerOptions } from "./types.ts";
import { change } from "./until.ts";

/** A single lost packet is no silence. */
const silences = 3;

export interface Probe {
  readonly state: () => Promise<"on" | "off">;
  /** Resolves when the machine answers (`on`), or does not any more (`off`). */
  readonly wait: (wanted: "on" | "off", trial: ProbeTrial) => Promise<void>;
}

export interface ProbeTrial {
  /** Verb first. */
  readonly what: string;
  /** Seconds. */
  readonly patience: number;
  /** Asks for it, over and over: nobody says whether it was heard. */
  readonly ask: () => Promise<void>;
  readonly failure: { readonly code: string } & ErrorDetails;
}

/** Looks at a TCP port of the machine: an answer is an answer, be it a refusal. */
export function probe(
  { machine, probePort }: { readonly machine: Body; readonly probePort: number },
  deps: PowerDeps,
  options: PowerOptions,
): Probe {
  async function state(): Promise<"on" | "off"> {
    for (let look = 0; look < silences; look += 1)
      if (await deps.answers(machine.address, probePort, options.signal)) return "on";
    return "off";
  }
  const shown = { on: `an answer from ${machine.address}, port ${probePort}`, off: "no answer" };
  return {
    state,
    wait: (wanted, { what, patience, ask, failure }) =>
      change({
        what,
        expected: shown[wanted],
        read: state,
        done: (now) => now === wanted,
        found: (now) => shown[now],
        ask,
        failure,
        deps,
        options: { ...options, timeoutSeconds: options.timeoutSeconds ?? patience },
      }),
  };
}

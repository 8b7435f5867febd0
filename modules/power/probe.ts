// Whether a machine without a controller is on, as far as its network can tell.
import type { Body } from "../plan/index.ts";
import type { ErrorDetails } from "../spec/index.ts";
import type { PowerDeps, PowerOptions } from "./types.ts";
import { until } from "./until.ts";

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
  /** Done before each look but the first, at most every `everySeconds`. */
  readonly again?: () => Promise<void>;
  readonly failure: { readonly code: string } & ErrorDetails;
}

/** Looks at a TCP port of the machine: an answer is an answer, be it a refusal. */
export function probe(
  { machine, probePort }: { readonly machine: Body; readonly probePort: number },
  deps: PowerDeps,
  options: PowerOptions,
): Probe {
  const { signal } = options;
  async function state(): Promise<"on" | "off"> {
    for (let look = 0; look < silences; look += 1)
      if (await deps.answers(machine.address, probePort, signal)) return "on";
    return "off";
  }
  return {
    state,
    async wait(wanted, { what, patience, again, failure }) {
      const every = (options.settleSeconds ?? 10) * 1000;
      let askedAt = deps.clock.now();
      await until({
        what,
        failure,
        deps,
        options: { ...options, timeoutSeconds: options.timeoutSeconds ?? patience },
        attempt: async () => {
          if (again !== undefined && deps.clock.now() - askedAt >= every) {
            await again();
            askedAt = deps.clock.now();
          }
          const now = await state();
          if (now === wanted) return { value: undefined };
          const shown = { on: `an answer from ${machine.address}, port ${probePort}`, off: "no answer" };
          return { found: shown[now], expected: shown[wanted] };
        },
      });
    },
  };
}

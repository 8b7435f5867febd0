import { type ReplacementSpec, replacementDefaults } from "../spec/index.ts";
import type { Replacement } from "./types.ts";

/** The block as it is written, with what stands where nothing is. */
export function replacementOf(spec: ReplacementSpec = {}): Replacement {
  const waves = spec.waves ?? replacementDefaults.waves;
  const timeout = replacementDefaults.checkTimeout;
  return {
    waves: typeof waves === "number" ? { machines: waves } : { percent: Number.parseInt(waves, 10) },
    capacity: spec.capacity ?? replacementDefaults.capacity,
    soak: spec.soak ?? replacementDefaults.soak,
    checks: (spec.checks ?? []).map(({ name, command, job, ...check }) => ({
      name,
      ...(command !== undefined && { command }),
      ...(job !== undefined && { job }),
      after: check.after ?? replacementDefaults.checkAfter,
      timeout: check.timeout ?? timeout,
    })),
    canary: spec.canary && { ...spec.canary, timeout: spec.canary.timeout ?? timeout },
    hold: spec.hold ?? replacementDefaults.hold,
  };
}

/** How many machines move at a time. At least one. */
export function waveSize({ waves }: Replacement, workers: number): number {
  if ("machines" in waves) return waves.machines;
  return Math.max(1, Math.floor((workers * waves.percent) / 100));
}

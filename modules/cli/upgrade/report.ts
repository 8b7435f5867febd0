// How a replacement stands, as the boot service and `landfall status` are told of it. Pure.
import type { ReplacementReport } from "../../boot/index.ts";
import { type Journal, recordOf } from "../../rollout/index.ts";
import { titleOf } from "./format.ts";

/** @param reported when somebody was last at it */
export function reportOf(journal: Journal, running: boolean, reported: Date): ReplacementReport {
  const { name, blue, green, started, direction, share, plan, ended } = journal;
  return {
    name,
    blue,
    green,
    started,
    reported: reported.toISOString(),
    direction,
    running,
    share,
    steps: plan.steps.map((step) => {
      const { state, begun, ended: done, error } = recordOf(journal, step.id);
      return {
        title: titleOf(step, plan),
        state,
        ...(begun !== undefined && { begun }),
        ...(done !== undefined && { ended: done }),
        ...(error !== undefined && { error }),
        seconds: step.seconds,
        reversible: step.reversible,
      };
    }),
    ...(ended !== undefined && { ended }),
  };
}

/** When something was last written into the journal. */
export function lastEntry({ started, steps, ended }: Journal): Date {
  const moments = [started, ended?.at, ...steps.flatMap((step) => [step.begun, step.ended])];
  return new Date(Math.max(...moments.map((at) => (at === undefined ? 0 : Date.parse(at)))));
}

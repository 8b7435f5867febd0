// Tells a boot service's page how a replacement stands. It is news, and never the reason that one fails.
import type { ReplacementReport } from "../../boot/index.ts";
import type { Plan } from "../../plan/index.ts";
import { type Journal, recordOf } from "../../rollout/index.ts";
import { withBootClient } from "../boot-service.ts";
import { titleOf } from "./format.ts";

/** One that is not heard of for two minutes is taken to have been killed. */
const everyMs = 30_000;
/** Seconds that a report gets. */
const patience = 2;

export interface Reporter {
  readonly report: (journal: Journal) => void;
  /** The last word: nobody carries it out any more. */
  readonly end: () => Promise<void>;
}

export function openReporter({ boot }: Pick<Plan, "boot">, opened: Journal): Reporter {
  let journal = opened;
  let sent = Promise.resolve();
  const send = (running: boolean) => {
    if (boot.service !== "landfall") return;
    const report = reportOf(journal, running, new Date());
    const signal = AbortSignal.timeout(patience * 1000);
    // One after the other: an older one must not come last.
    sent = sent
      .then(() => withBootClient(boot, signal, (client) => client.putReplacement(report), patience))
      .catch(() => {});
  };
  const timer = setInterval(() => send(true), everyMs);
  return {
    report: (next) => {
      journal = next;
      send(true);
    },
    end: async () => {
      clearInterval(timer);
      send(false);
      await sent;
    },
  };
}

export function reportOf(journal: Journal, running: boolean, now: Date): ReplacementReport {
  const { name, blue, green, started, direction, share, plan, ended } = journal;
  return {
    name,
    blue,
    green,
    started,
    reported: now.toISOString(),
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

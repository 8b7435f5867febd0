// Tells a boot service's page how a replacement stands. It is news, and never the reason that one fails.
import type { ReplacementReport } from "../../boot/index.ts";
import type { Plan } from "../../plan/index.ts";
import type { Journal } from "../../rollout/index.ts";
import { withBootClient } from "../boot-service.ts";
import { reportOf } from "./report.ts";

/** One that is not heard of for two minutes is taken to have been killed. */
const everyMs = 30_000;
/** Milliseconds that a report gets, from the moment on that it is sent. */
const patienceMs = 2000;

export interface Reporter {
  readonly report: (journal: Journal) => void;
  /** The last word: nobody carries it out any more. */
  readonly end: () => Promise<void>;
}

/** Brings one report to the service. */
export type Send = (report: ReplacementReport, signal: AbortSignal) => Promise<void>;

export function openReporter({ boot }: Pick<Plan, "boot">, opened: Journal): Reporter {
  if (boot.service !== "landfall") return { report: () => {}, end: async () => {} };
  return reporterBy(opened, (report, signal) =>
    withBootClient(boot, signal, (client) => client.putReplacement(report), patienceMs / 1000),
  );
}

/** One report after the other, so that an older one never comes last; what is overtaken while it waits is not sent. */
export function reporterBy(opened: Journal, send: Send): Reporter {
  let journal = opened;
  let waiting: ReplacementReport | undefined;
  let sending: Promise<void> | undefined;
  const sendAll = async () => {
    for (let report = waiting; report !== undefined; report = waiting) {
      waiting = undefined;
      await send(report, AbortSignal.timeout(patienceMs)).catch(() => {});
    }
    sending = undefined;
  };
  const tell = (running: boolean) => {
    waiting = reportOf(journal, running, new Date());
    sending ??= sendAll();
  };
  const timer = setInterval(() => tell(true), everyMs);
  return {
    report: (next) => {
      journal = next;
      tell(true);
    },
    end: async () => {
      clearInterval(timer);
      tell(false);
      await sending;
    },
  };
}

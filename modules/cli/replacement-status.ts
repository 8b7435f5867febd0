// The replacements that a cluster is a part of, for `landfall status`: as the project's own journals have them, with the
// same words as the boot service's page.
import { duration, type ReplacementView, replacementView } from "../boot/index.ts";
import { type Journal, recordOf } from "../rollout/index.ts";
import { table } from "./output.ts";
import { isBusy, readJournals } from "./upgrade/journal-file.ts";
import { harmless } from "./watch/text.ts";
import type { Workspace } from "./workspace.ts";

/** Those under way, or over for less than a day; `cluster` is blue or green of each. */
export function replacementsOf(
  workspace: Workspace,
  { cluster, name }: { readonly cluster: string; readonly name: string },
  now: Date,
): readonly ReplacementView[] {
  const running = isBusy(workspace, name);
  return readJournals(workspace, name)
    .filter(({ blue, green }) => blue === cluster || green === cluster)
    .flatMap((journal) => viewOf(journal, running, now) ?? []);
}

function viewOf(journal: Journal, running: boolean, now: Date): ReplacementView | undefined {
  const { plan, ended } = journal;
  const steps = plan.steps.map(({ id, seconds, reversible }) => ({
    ...recordOf(journal, id),
    title: id,
    seconds,
    reversible,
  }));
  const report = { ...journal, steps, reported: now.toISOString(), running: running && ended === undefined };
  return replacementView(report, now);
}

export function formatReplacement(view: ReplacementView, now: Date): string {
  const { blue, green, state, share, next, returnText, steps } = view;
  const rows = steps.map(({ title, state, begun, ended, error = "", seconds }) => {
    const until = ended === undefined ? now.getTime() : Date.parse(ended);
    const took =
      begun === undefined
        ? `about ${duration(seconds)}`
        : `${((until - Date.parse(begun)) / 1000).toFixed(1)} s`;
    return [title, state, begun?.slice(0, 19) ?? "-", took, error].map(harmless);
  });
  return [
    `${blue} to ${green}: ${state}; traffic: ${blue} ${100 - share}%, ${green} ${share}%`,
    harmless(next),
    `Point of no return: ${harmless(returnText)}`,
    table([["STEP", "", "SINCE", "TOOK", ""], ...rows]),
  ].join("\n");
}

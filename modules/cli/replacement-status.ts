// The replacements that a cluster is a part of, for `landfall status`: as the project's own journals have them, with the
// same words as the boot service's page and `landfall upgrade`.
import { duration, type ReplacementView, replacementView, returnMark, stepWords } from "../boot/index.ts";
import { LandfallError } from "../spec/error.ts";
import { table } from "./output.ts";
import { findRun, type RunRecord, readRun } from "./run-record.ts";
import { isBusy, readJournals } from "./upgrade/journal-file.ts";
import { lastEntry, reportOf } from "./upgrade/report.ts";
import { harmless } from "./watch/text.ts";
import type { Workspace } from "./workspace.ts";

type Step = ReplacementView["steps"][number];

/** Those under way, or over for less than a day, the latest first; `cluster` is blue or green of each. */
export function replacementsOf(
  workspace: Workspace,
  { cluster, name }: { readonly cluster: string; readonly name: string },
  now: Date,
): readonly ReplacementView[] {
  const journals = readJournals(workspace, name).filter(
    ({ blue, green }) => blue === cluster || green === cluster,
  );
  if (journals.length === 0) return [];
  const running = isBusy(workspace, name);
  return journals
    .toSorted((a, b) => Date.parse(b.started) - Date.parse(a.started))
    .flatMap((journal) => {
      const atIt = running && journal.ended === undefined;
      return replacementView(reportOf(journal, atIt, atIt ? now : lastEntry(journal)), now) ?? [];
    });
}

/** @throws {LandfallError} `not-deployed`; of a cluster that was replaced, by which */
export function readRunOf(workspace: Workspace, cluster: string): RunRecord {
  const name = cluster.slice(0, Math.max(0, cluster.lastIndexOf("-")));
  const run = findRun(workspace, cluster);
  const replaced =
    run === undefined && name !== ""
      ? readJournals(workspace, name).find(
          ({ blue, ended }) => blue === cluster && ended?.outcome === "replaced",
        )
      : undefined;
  if (replaced === undefined) return readRun(workspace, cluster);
  throw new LandfallError("not-deployed", `${cluster} is retired: ${replaced.green} has taken its place`, {
    next: `npx landfall status ${replaced.green}`,
  });
}

/** In a line: how it stands, and whose the traffic is. */
export function headline({ blue, green, state, share, steps }: ReplacementView): string {
  const done = steps.filter((step) => step.state === "done").length;
  const traffic = `traffic: ${blue} ${100 - share}%, ${green} ${share}%`;
  return harmless(`${blue} to ${green}: ${state}, ${done} of ${steps.length} steps done; ${traffic}`);
}

/** `under way since 05:06:07`; in brief `since 05:06:07`. */
export function stateText({ state, begun }: Step, brief = false): string {
  const word = stepWords[state];
  const at = begun?.slice(11, 19);
  if (at === undefined) return word;
  if (state === "running") return brief ? `since ${at}` : `${word} since ${at}`;
  return (state === "failed" || state === "stopped") && !brief ? `${word}, begun ${at}` : word;
}

/** How long a step took, or has taken so far, or how long it will take. */
export function tookText({ state, begun, ended, seconds }: Step, now: Date, brief = false): string {
  const about = `about ${duration(seconds)}`;
  if (state === "pending") return about;
  if (begun === undefined) return "";
  const took = (until: number) => Math.max(0, (until - Date.parse(begun)) / 1000);
  if (state === "running") return duration(took(now.getTime())) + (brief ? "" : ` of ${about}`);
  return state === "done" && ended !== undefined ? `${took(Date.parse(ended)).toFixed(1)} s` : "";
}

export function formatReplacement(view: ReplacementView, now: Date): string {
  const { next, steps } = view;
  const rows = steps.map((step) => [step.title, stateText(step, true), tookText(step, now)].map(harmless));
  const [head, ...lines] = table([["STEP", "", "TIME"], ...rows]).split("\n");
  const noReturn = steps.findIndex(({ reversible }) => !reversible);
  const text = steps.flatMap(({ state, error }, index) => [
    ...(index === noReturn ? [`─── ${harmless(returnMark(view))}`] : []),
    lines[index] ?? "",
    ...(error === undefined || state === "undoing" ? [] : [`    ${harmless(error)}`]),
  ]);
  return [headline(view), harmless(next), "", head, ...text].join("\n");
}

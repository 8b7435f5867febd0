// `landfall upgrade`: a whole cluster is replaced by its next version, or the replacement is taken back.

import { setTimeout } from "node:timers/promises";
import {
  abortRollout,
  changedSince,
  type Journal,
  openJournal,
  phaseOf,
  planRollout,
  type RolloutEvent,
  runRollout,
  tookSeconds,
  type World,
} from "../../rollout/index.ts";
import { LandfallError } from "../../spec/error.ts";
import { requireShare } from "../../traffic/index.ts";
import { archiveSpecFor } from "../archive.ts";
import type { Invocation } from "../main.ts";
import { printJson } from "../output.ts";
import { type Progress, progressOf } from "../progress.ts";
import { planOf } from "../project.ts";
import { findRun } from "../run-record.ts";
import { trafficOf, trafficPlan } from "../traffic.ts";
import { realEffects } from "../upgrade/effects.ts";
import { duration, formatRollout, formatTimes, titleOf } from "../upgrade/format.ts";
import { blueOf, filesOf, inputOf } from "../upgrade/inputs.ts";
import { alone, readJournal, setAside, writeJournal } from "../upgrade/journal-file.ts";
import { openReporter, type Reporter } from "../upgrade/reporter.ts";
import type { Workspace } from "../workspace.ts";
import { serveIn } from "./deploy.ts";

export interface UpgradeFlags {
  readonly to: string;
  readonly from?: string;
  readonly dryRun?: boolean;
  readonly abort?: boolean;
}

export async function upgradeCommand(
  invocation: Invocation,
  name: string,
  flags: UpgradeFlags,
): Promise<undefined> {
  const { workspace, json, signal } = invocation;
  const { to, from, dryRun = false, abort = false } = flags;
  if (dryRun && abort) {
    throw new LandfallError("usage", "--dry-run and --abort exclude each other", {
      found: "both",
      expected: "one of them, or none to go on",
    });
  }
  const green = `${name}-${to}`;
  if (dryRun) {
    const before = readJournal(workspace, name, to);
    const open = before !== undefined && before.ended === undefined ? before : undefined;
    const plan = open?.plan ?? planRollout(await freshInput(workspace, name, green, from, signal));
    if (json) return printJson({ plan, journal: open });
    process.stdout.write(`${formatRollout(plan, process.stdout.columns || undefined)}\n`);
    if (open !== undefined) process.stdout.write(`\nit is under way:\n${formatTimes(open)}\n`);
    return;
  }
  const ended = await alone(workspace, name, async () => {
    const progress = progressOf(invocation);
    const journal = abort ? toAbort(workspace, name, to) : await toRun(invocation, name, flags, progress);
    const reporter = openReporter(planOf(workspace, green), journal);
    const world = worldOf(invocation, to, journal, progress, reporter);
    try {
      return await (abort ? abortRollout(journal, world) : runRollout(journal, world));
    } catch (error) {
      throw signal.aborted
        ? interrupted(`npx landfall upgrade ${name} --to ${to}${abort ? " --abort" : ""}`)
        : error;
    } finally {
      await reporter.end();
    }
  });
  if (json) return printJson({ blue: ended.blue, green: ended.green, ...ended.ended, steps: ended.steps });
  const lost = ended.leftBehind.map(({ machine }) => machine).join(", ");
  const done =
    ended.ended?.outcome === "aborted"
      ? `${ended.green} is gone, and ${ended.blue} has everything again${lost === "" ? "" : ` but ${lost}`}`
      : `${ended.green} has taken the place of ${ended.blue}`;
  const left = ended.leftBehind.map(
    ({ machine, step, why }) => `${machine} stayed behind in ${step}: ${why}\n`,
  );
  process.stdout.write(`${formatTimes(ended)}\n${left.join("")}${done}, ${tookText(ended)}\n`);
}

function interrupted(command: string): LandfallError {
  return new LandfallError("interrupted", "interrupted; everything done so far is kept", {
    next: `${command} goes on where it stopped`,
  });
}

/** @throws {LandfallError} `no-rollout` */
function toAbort(workspace: Workspace, name: string, version: string): Journal {
  const journal = readJournal(workspace, name, version);
  if (journal !== undefined) return journal;
  throw new LandfallError("no-rollout", `no replacement by ${name}-${version} was begun here`, {
    expected: "one that can be taken back",
    next: `npx landfall upgrade ${name} --to ${version} --dry-run`,
  });
}

/** The journal to go on with, or a new one. */
async function toRun(
  { workspace, signal }: Invocation,
  name: string,
  { to, from }: UpgradeFlags,
  progress: Progress,
): Promise<Journal> {
  const green = `${name}-${to}`;
  const before = readJournal(workspace, name, to);
  const say = (text: string) => progress.line("upgrade", text);
  // Destroyed since, it may take the place of another once more.
  if (before?.ended?.outcome === "replaced" && findRun(workspace, green) !== undefined) return before;
  if (before === undefined || before.ended !== undefined) {
    const input = await freshInput(workspace, name, green, from, signal);
    const journal = openJournal(planRollout(input), input, new Date());
    if (before !== undefined) setAside(workspace, to, before);
    writeJournal(workspace, to, journal);
    return journal;
  }
  const changes = changedSince(before, filesOf(workspace, before.blue, green));
  if (changes.length === 0) {
    say(`goes on with what was begun at ${before.started}`);
    return before;
  }
  switch (phaseOf(before)) {
    case "untouched": {
      for (const change of changes) say(`changed since: ${change}`);
      say(`nothing of ${before.blue} was touched yet: it is planned anew`);
      const input = await inputOf(workspace, before.blue, green, signal);
      const journal = { ...openJournal(planRollout(input), input, new Date()), started: before.started };
      writeJournal(workspace, to, journal);
      return journal;
    }
    case "past-return":
      for (const change of changes) say(`changed since: ${change}`);
      return before;
    case "under-way":
      throw new LandfallError(
        "files-changed",
        `the files are not those that this replacement was planned from`,
        {
          found: changes.join("\n"),
          expected: `clusters/${before.blue}.yaml and clusters/${green}.yaml as they were at ${before.started}`,
          next: `change them back and run the same command again, or go back first: npx landfall upgrade ${name} --to ${to} --abort`,
        },
      );
  }
}

/** What would only be found missing in the middle is looked for first. */
async function freshInput(
  workspace: Workspace,
  name: string,
  green: string,
  from: string | undefined,
  signal: AbortSignal,
) {
  // A misspelt version is told as such, before another one is looked for.
  planOf(workspace, green);
  const blue = blueOf(workspace, name, green, from);
  archiveSpecFor(workspace, blue);
  const input = await inputOf(workspace, blue, green, signal);
  const traffic = trafficOf(workspace, trafficPlan(workspace, blue, green), signal);
  const share = input.replacement?.canary?.share;
  // Nothing is asked of what steers the traffic before it is its turn.
  if (share !== undefined) requireShare(share, traffic.shares);
  return input;
}

function worldOf(
  invocation: Invocation,
  version: string,
  journal: Journal,
  progress: Progress,
  reporter: Reporter,
): World {
  const { workspace, signal } = invocation;
  const { steps } = journal.plan;
  return {
    effects: realEffects({ workspace, progress, signal, serve: serveIn(invocation), journal }),
    now: () => new Date(),
    sleep: (milliseconds) => setTimeout(milliseconds, undefined, { signal }),
    save: (next) => {
      writeJournal(workspace, version, next);
      reporter.report(next);
    },
    tell: (event) => {
      const text = lineOf(event, journal, steps.length);
      // Steps stand out among what they do.
      const loud = event.kind !== "note" && process.stderr.isTTY && workspace.env.NO_COLOR === undefined;
      progress.line("upgrade", loud ? `\u001b[1m${text}\u001b[22m` : text);
    },
    signal,
  };
}

function lineOf(event: RolloutEvent, { plan }: Journal, count: number): string {
  if (event.kind === "note") return event.text;
  const { step, record } = event;
  const number = `${plan.steps.findIndex(({ id }) => id === step.id) + 1}/${count} ${step.id}`;
  const took = tookSeconds(record);
  switch (event.kind) {
    case "begun":
      return `${number}: ${titleOf(step, plan)} (about ${duration(step.seconds)})`;
    case "done":
      return `${number}: done${took === undefined ? "" : `, ${took.toFixed(1)} s`}`;
    case "undoing":
      return `${number}: is taken back`;
    case "undone":
      return `${number}: taken back`;
  }
}

function tookText({ started, ended, steps }: Journal): string {
  const seconds = (Date.parse(ended?.at ?? started) - Date.parse(started)) / 1000;
  return `${steps.length} steps, ${seconds.toFixed(1)} s`;
}

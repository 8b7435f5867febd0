import { LandfallError } from "../../spec/index.ts";
import {
  awaitWork,
  formatPlan,
  formatResult,
  migrate,
  planMigration,
  settleVolumes,
  undoMigration,
  waitForConditions,
} from "../../workloads/index.ts";
import { clusterApi } from "../cluster-api.ts";
import type { Invocation } from "../main.ts";
import { exit, printJson } from "../output.ts";
import { progressOf } from "../progress.ts";
import { successorOf } from "../project.ts";
import { readRun } from "../run-record.ts";

export interface MigrateFlags {
  readonly dryRun?: boolean;
  /** False: `--no-volumes`. */
  readonly volumes?: boolean;
  /** False: `--no-wait`. */
  readonly wait?: boolean;
  readonly undo?: boolean;
  readonly settle?: boolean;
}

/** Copies the work of one version of a cluster to another, and moves what may run on one side only; or undoes that. */
export async function migrateCommand(
  { workspace, json, signal }: Invocation,
  from: string,
  to: string,
  flags: MigrateFlags,
): Promise<number> {
  requireOneOf(flags);
  const settings = successorOf(workspace, from, to).cluster.replacement?.workloads ?? {};
  const runs = { from: readRun(workspace, from), to: readRun(workspace, to) };
  const blue = clusterApi(workspace, runs.from.plan);
  const green = clusterApi(workspace, runs.to.plan);
  const progress = progressOf({ json });
  const onProgress = (line: string) => progress.line("migrate", line);
  const options = { from: blue, to: green, settings, signal, onProgress };
  try {
    if (flags.undo) {
      const groups = await undoMigration(options);
      if (json) printJson({ from, to, returned: groups });
      else process.stdout.write(`${listed(groups)} given back to ${from}\n`);
      return exit.ok;
    }
    if (flags.settle) {
      const volumes = await settleVolumes({ to: green, signal });
      if (json) printJson({ from, to, settled: volumes });
      else process.stdout.write(`${listed(volumes)} settled in ${to}\n`);
      return exit.ok;
    }
    if (settings.gitops !== undefined) {
      const { gitops } = settings;
      const conditions = await waitForConditions({ ...options, gitops });
      if (json) printJson({ from, to, conditions });
      else process.stdout.write(`nothing is copied; all ${conditions.length} conditions hold in ${to}\n`);
      return exit.ok;
    }
    if (flags.dryRun) {
      const plan = await planMigration(options);
      if (json) printJson({ from, to, ...plan });
      else process.stdout.write(`${formatPlan(plan)}\n`);
      return plan.blockers.length === 0 ? exit.ok : exit.failed;
    }
    const result = await migrate({ ...options, volumes: flags.volumes === false ? "stay" : "move" });
    // What was copied is told before it is waited for, which may take long and end otherwise.
    if (!json) process.stdout.write(`${formatResult(result)}\n`);
    const blocked = result.outcomes.some(({ outcome }) => outcome === "blocked");
    const waits = flags.wait !== false && !blocked;
    if (waits) {
      const timeoutSeconds = runs.to.plan.timeouts.ready;
      await awaitWork({ ...options, blue: from, green: to, timeoutSeconds, onProgress });
    }
    if (json) printJson({ from, to, ...result, ready: waits });
    else if (waits) process.stdout.write(`all of it is ready in ${to}\n`);
    return blocked ? exit.failed : exit.ok;
  } finally {
    await Promise.all([blue.close(), green.close()]);
  }
}

function requireOneOf({ dryRun = false, volumes = true, undo = false, settle = false }: MigrateFlags): void {
  const asked = [
    dryRun ? "--dry-run" : undefined,
    volumes ? undefined : "--no-volumes",
    undo ? "--undo" : undefined,
    settle ? "--settle" : undefined,
  ].filter((flag) => flag !== undefined);
  if (asked.length <= 1) return;
  throw new LandfallError("usage", "--dry-run, --no-volumes, --undo and --settle exclude each other", {
    found: asked.join(" "),
    expected: "one of them, or none for all of it",
  });
}

function listed(names: readonly string[]): string {
  return names.length === 0 ? "nothing was" : `${names.join(", ")} ${names.length === 1 ? "is" : "are"}`;
}

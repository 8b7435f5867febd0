import type { Api } from "../../kubernetes/index.ts";
import { LandfallError } from "../../spec/index.ts";
import {
  formatPlan,
  formatResult,
  type MigrationOptions,
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
import type { Workspace } from "../workspace.ts";

export interface MigrateFlags {
  readonly dryRun?: boolean;
  /** False: `--no-volumes`. */
  readonly volumes?: boolean;
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
  const blue = apiOf(workspace, from);
  const green = apiOf(workspace, to);
  const progress = progressOf({ json });
  const options: MigrationOptions = {
    from: blue,
    to: green,
    settings,
    signal,
    onProgress: (line) => progress.line("migrate", line),
  };
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
    if (json) printJson({ from, to, ...result });
    else process.stdout.write(`${formatResult(result)}\n`);
    return result.outcomes.some(({ outcome }) => outcome === "blocked") ? exit.failed : exit.ok;
  } finally {
    await Promise.all([blue.close(), green.close()]);
  }
}

function apiOf(workspace: Workspace, cluster: string): Api {
  return clusterApi(workspace, readRun(workspace, cluster).plan);
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

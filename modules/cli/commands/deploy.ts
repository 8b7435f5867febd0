import { existsSync } from "node:fs";
import { apply, type Changes, destroy } from "../deploy.ts";
import { proveHealth } from "../health.ts";
import type { Invocation } from "../main.ts";
import { printJson } from "../output.ts";
import { lineProgress, type Progress, silent } from "../progress.ts";
import { readRun } from "../run-record.ts";
import { planOf, prepare, releaseFor, requireBootService, writeStacks } from "../synth.ts";
import { stateFile } from "../workspace.ts";

/** Lands a cluster, or brings it to what its files say, and proves it healthy. */
export async function deployCommand(invocation: Invocation, cluster: string): Promise<undefined> {
  const { workspace, json, signal } = invocation;
  const took = stopwatch();
  const progress = progressOf(invocation);
  const plan = planOf(workspace, cluster);
  requireBootService(plan);
  writeStacks(workspace, [prepare(workspace, plan, releaseFor(workspace, plan), new Date())]);
  const changes = await apply({ workspace, cluster, machines: plan.machines.length, progress, signal });
  await proveHealth({ workspace, plan, say: (line) => progress.line("health", line), signal });
  if (json) return printJson({ cluster, healthy: true, changes, seconds: took() });
  process.stdout.write(`${cluster} is healthy: ${summary(changes)}, ${took().toFixed(1)} s\n`);
}

/** Retires a cluster: what was deployed of it, whatever its files say by now. */
export async function destroyCommand(invocation: Invocation, cluster: string): Promise<undefined> {
  const { workspace, json, signal } = invocation;
  const took = stopwatch();
  let changes: Changes = { add: 0, change: 0, remove: 0 };
  if (existsSync(stateFile(workspace, cluster))) {
    const machines = readRun(workspace, cluster).plan.machines.length;
    changes = await destroy({ workspace, cluster, machines, progress: progressOf(invocation), signal });
  } else {
    // Only to say so if there is no such cluster at all.
    planOf(workspace, cluster);
  }
  if (json) return printJson({ cluster, changes, seconds: took() });
  const done =
    changes.remove === 0 ? "was not deployed" : `is retired: ${summary(changes)}, ${took().toFixed(1)} s`;
  process.stdout.write(`${cluster} ${done}\n`);
}

function summary({ add, change, remove }: Changes): string {
  return add + change + remove === 0 ? "no changes" : `${add} added, ${change} changed, ${remove} removed`;
}

function progressOf({ json }: Invocation): Progress {
  const elapsed = stopwatch();
  return json ? silent : lineProgress((text) => process.stderr.write(text), elapsed);
}

/** Seconds since now. */
function stopwatch(): () => number {
  const begun = performance.now();
  return () => (performance.now() - begun) / 1000;
}

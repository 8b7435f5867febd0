import { existsSync } from "node:fs";
import { apply, type Changes, destroy } from "../deploy.ts";
import { checkHealth, proveHealth } from "../health.ts";
import type { Invocation } from "../main.ts";
import { printJson } from "../output.ts";
import { lineProgress, type Progress, silent } from "../progress.ts";
import { planOf, requireBootService } from "../project.ts";
import { recover } from "../recover.ts";
import { findRun, readRun } from "../run-record.ts";
import { isDeployed } from "../state.ts";
import type { ServeStep } from "../step-server.ts";
import { prepare, releaseFor, writeStacks } from "../synth.ts";
import { stackDir, type Workspace } from "../workspace.ts";
import { performStep } from "./step.ts";

/** Lands a cluster, or brings it to what its files say, and proves it healthy. */
export async function deployCommand(invocation: Invocation, cluster: string): Promise<undefined> {
  const { workspace, json, signal } = invocation;
  const took = stopwatch();
  const progress = progressOf(invocation);
  const plan = planOf(workspace, cluster);
  requireBootService(plan);
  if (plan.boot.page !== undefined)
    progress.line("landfall", `machines can be watched at ${plan.boot.page}/`);
  writeStacks(workspace, [prepare(workspace, plan, releaseFor(workspace, plan), new Date())]);
  const { changes, proven } = await apply({
    workspace,
    cluster,
    machines: plan.machines.length,
    state: plan.state,
    progress,
    signal,
    serve: serveIn(invocation),
  });
  if (!proven && !(await checkHealth(workspace, plan, signal)).every(({ ok }) => ok)) {
    await recover({
      workspace,
      run: readRun(workspace, cluster),
      signal,
      now: () => new Date(),
      say: progress.line,
    });
    await proveHealth({ workspace, plan, say: (line) => progress.line("health", line), signal });
  }
  if (json) return printJson({ cluster, healthy: true, changes, seconds: took() });
  process.stdout.write(`${cluster} is healthy: ${summary(changes)}, ${took().toFixed(1)} s\n`);
}

/** Retires a cluster: what was deployed of it, whatever its files say by now. */
export async function destroyCommand(invocation: Invocation, cluster: string): Promise<undefined> {
  const { workspace, json, signal } = invocation;
  const took = stopwatch();
  const state = (findRun(workspace, cluster)?.plan ?? planOf(workspace, cluster)).state;
  const changes = isDeployed(workspace, cluster, state)
    ? await destroy({
        workspace,
        cluster,
        machines: writtenStack(workspace, cluster),
        state,
        progress: progressOf(invocation),
        signal,
        serve: serveIn(invocation),
      })
    : nothing(workspace, cluster);
  if (json) return printJson({ cluster, changes, seconds: took() });
  const done =
    changes.remove === 0 ? "is not deployed" : `is retired: ${summary(changes)}, ${took().toFixed(1)} s`;
  process.stdout.write(`${cluster} ${done}\n`);
}

/** Makes sure that the stack is there, as it was deployed where that is known. Returns the number of its machines. */
function writtenStack(workspace: Workspace, cluster: string): number {
  const run = findRun(workspace, cluster);
  if (run === undefined || !existsSync(stackDir(workspace, cluster))) {
    const plan = run?.plan ?? planOf(workspace, cluster);
    writeStacks(workspace, [
      prepare(workspace, plan, run?.release ?? releaseFor(workspace, plan), new Date()),
    ]);
    return plan.machines.length;
  }
  return run.plan.machines.length;
}

/** @throws {LandfallError} if there is no such cluster at all */
function nothing(workspace: Workspace, cluster: string): Changes {
  planOf(workspace, cluster);
  return { add: 0, change: 0, remove: 0 };
}

/** Steps end when their Terraform is interrupted, and not before: it is the one that is asked to stop. */
function serveIn({ workspace }: Invocation): ServeStep {
  return ({ step, ...target }, print, signal) => performStep(workspace, step, target, print, signal);
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

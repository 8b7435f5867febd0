import { existsSync } from "node:fs";
import { dropClaims } from "../claims.ts";
import { type Changes, destroy } from "../deploy.ts";
import { landCluster } from "../land.ts";
import type { Invocation } from "../main.ts";
import { printJson } from "../output.ts";
import { lineProgress, type Progress, silent } from "../progress.ts";
import { planOf } from "../project.ts";
import { findRun } from "../run-record.ts";
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
  const { changes, leftOut } = await landCluster({
    workspace,
    cluster,
    progress,
    signal,
    serve: serveIn(invocation),
  });
  if (json) return printJson({ cluster, healthy: true, changes, leftOut, seconds: took() });
  process.stdout.write(`${cluster} is healthy: ${summary(changes)}, ${took().toFixed(1)} s\n`);
}

/** Retires a cluster: what was deployed of it, whatever its files say by now. */
export async function destroyCommand(invocation: Invocation, cluster: string): Promise<undefined> {
  const { workspace, json, signal } = invocation;
  const took = stopwatch();
  const { state, site } = findRun(workspace, cluster)?.plan ?? planOf(workspace, cluster);
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
  dropClaims(workspace, site, cluster);
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

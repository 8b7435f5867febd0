import type { Changes } from "../deploy.ts";
import { destroyDeployed } from "../destroy.ts";
import { landCluster } from "../land.ts";
import type { Invocation } from "../main.ts";
import { printJson } from "../output.ts";
import { progressOf, stopwatch } from "../progress.ts";
import type { ServeStep } from "../step-server.ts";
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
  const changes = (await destroyDeployed({
    workspace,
    cluster,
    progress: progressOf(invocation),
    signal,
    serve: serveIn(invocation),
  })) ?? { add: 0, change: 0, remove: 0 };
  if (json) return printJson({ cluster, changes, seconds: took() });
  const done =
    changes.remove === 0 ? "is not deployed" : `is retired: ${summary(changes)}, ${took().toFixed(1)} s`;
  process.stdout.write(`${cluster} ${done}\n`);
}

/** Steps end when their Terraform is interrupted, and not before: it is the one that is asked to stop. */
export function serveIn({ workspace }: Invocation): ServeStep {
  return ({ step, ...target }, print, signal) => performStep(workspace, step, target, print, signal);
}

function summary({ add, change, remove }: Changes): string {
  return add + change + remove === 0 ? "no changes" : `${add} added, ${change} changed, ${remove} removed`;
}

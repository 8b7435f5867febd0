// Lands a cluster version, or brings it to what its files say, with the machines that it may have: what `deploy` does, and
// each step of a replacement that ends with a cluster that is proven healthy.
import { type LeftOut, whyLeftOut } from "../claims/index.ts";
import { dropClaims, settleClaim, takeClaim } from "./claims.ts";
import { apply, type Changes } from "./deploy.ts";
import { checkHealth, proveHealth } from "./health.ts";
import type { Progress } from "./progress.ts";
import { type Obtainable, obtainable, requireBootService } from "./project.ts";
import { recover } from "./recover.ts";
import { readRun } from "./run-record.ts";
import type { ServeStep } from "./step-server.ts";
import { prepare, releaseFor, writeStacks } from "./synth.ts";
import type { Workspace } from "./workspace.ts";

export interface LandOptions {
  readonly workspace: Workspace;
  readonly cluster: string;
  readonly progress: Progress;
  readonly signal: AbortSignal;
  /** See TerraformOptions. */
  readonly serve?: ServeStep;
}

export interface Landed {
  readonly changes: Changes;
  /** Machines that its file names, and that another version holds. */
  readonly leftOut: readonly LeftOut[];
}

/** @throws {LandfallError} `masters-held`, `machine-held`, `unhealthy`, and whatever a step says. */
export async function landCluster(options: LandOptions): Promise<Landed> {
  const { workspace, cluster, progress } = options;
  const obtained = obtainable(workspace, cluster);
  const { plan, allotment } = obtained;
  requireBootService(plan);
  if (plan.boot.page !== undefined)
    progress.line("landfall", `machines can be watched at ${plan.boot.page}/`);
  for (const each of allotment.leftOut) progress.line("landfall", whyLeftOut(each));
  const { changes, proven } = await applyStack(options, obtained);
  if (!proven) await proveLanded(options);
  // A node of each is Ready: whichever came from another version has arrived.
  for (const machine of allotment.machines) settleClaim(workspace, plan.site, machine, cluster);
  return { changes, leftOut: allotment.leftOut };
}

/** Waits until a deployed cluster is healthy, a node of each machine Ready; gives machines back what they lost. */
export async function proveLanded({ workspace, cluster, progress, signal }: LandOptions): Promise<void> {
  const run = readRun(workspace, cluster);
  if ((await checkHealth(workspace, run.plan, signal)).every(({ ok }) => ok)) return;
  await recover({ workspace, run, signal, now: () => new Date(), say: progress.line });
  await proveHealth({ workspace, plan: run.plan, say: (line) => progress.line("health", line), signal });
}

/** The cluster's stack as its files and the claims say, made real: no more machines, and no less. */
export async function applyStack(
  { workspace, cluster, progress, signal, serve }: LandOptions,
  { plan, allotment }: Obtainable = obtainable(workspace, cluster),
) {
  const release = releaseFor(workspace, plan);
  // Before anything is told of a machine: of two versions that could have it, one is refused here.
  for (const machine of allotment.machines)
    if (!allotment.leaving.includes(machine)) takeClaim(workspace, plan.site, machine, cluster, new Date());
  writeStacks(workspace, [prepare(workspace, plan, release, new Date())]);
  const applied = await apply({
    workspace,
    cluster,
    machines: plan.machines.length,
    state: plan.state,
    progress,
    signal,
    ...(serve !== undefined && { serve }),
  });
  dropClaims(workspace, plan.site, cluster, allotment.machines);
  return applied;
}

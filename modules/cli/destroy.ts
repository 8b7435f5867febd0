// Retires a cluster: what was deployed of it, whatever its files say by now.
import { existsSync } from "node:fs";
import { dropClaims } from "./claims.ts";
import { type Changes, destroy } from "./deploy.ts";
import type { LandOptions } from "./land.ts";
import { planOf } from "./project.ts";
import { findRun } from "./run-record.ts";
import { isDeployed } from "./state.ts";
import { prepare, releaseFor, writeStacks } from "./synth.ts";
import { stackDir, type Workspace } from "./workspace.ts";

/** Undefined when nothing of it is deployed. @throws {LandfallError} if there is no such cluster at all */
export async function destroyDeployed({
  workspace,
  cluster,
  progress,
  signal,
  serve,
}: LandOptions): Promise<Changes | undefined> {
  const { state, site } = findRun(workspace, cluster)?.plan ?? planOf(workspace, cluster);
  if (!isDeployed(workspace, cluster, state)) {
    planOf(workspace, cluster);
    dropClaims(workspace, site, cluster);
    return undefined;
  }
  const changes = await destroy({
    workspace,
    cluster,
    machines: writtenStack(workspace, cluster),
    state,
    progress,
    signal,
    ...(serve !== undefined && { serve }),
  });
  dropClaims(workspace, site, cluster);
  return changes;
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

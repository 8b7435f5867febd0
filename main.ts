// The CDKTF app: `cdktf synth`, `deploy`, `diff` and `destroy` run it for the stacks of all clusters.
// `npx landfall` does the same in its own process, for one cluster.
import {
  findRelease,
  formatError,
  openWorkspace,
  planAll,
  prepare,
  writeStacks,
} from "./modules/cli/index.ts";

const workspace = openWorkspace(process.cwd(), process.env);
const now = new Date();
try {
  const prepared = planAll(workspace).flatMap((plan) => {
    const release = findRelease(workspace, plan.kubernetes);
    if (release !== undefined) return [prepare(workspace, plan, release, now)];
    // One that is not built keeps no other cluster from being deployed.
    console.error(`${plan.cluster} is left out: npx landfall release build ${plan.kubernetes}`);
    return [];
  });
  writeStacks(workspace, prepared);
} catch (error) {
  console.error(formatError(error, false));
  process.exitCode = 1;
}

// The CDKTF app: `cdktf synth`, `deploy`, `diff` and `destroy` run it for the stacks of all clusters.
// `npx landfall` does the same in its own process, for one cluster.
import {
  findRelease,
  formatError,
  obtainableAll,
  openWorkspace,
  prepare,
  whyLeftOut,
  writeStacks,
} from "./modules/cli/index.ts";

const workspace = openWorkspace(process.cwd(), process.env);
const now = new Date();
try {
  const prepared = obtainableAll(workspace).flatMap((each) => {
    // Neither one whose masters are another version's, nor one that is not built keeps other clusters from being deployed.
    if (each instanceof Error) {
      console.error(formatError(each, false));
      return [];
    }
    const { plan, allotment } = each;
    for (const left of allotment.leftOut) console.error(`${plan.cluster}: ${whyLeftOut(left)}`);
    const release = findRelease(workspace, plan.kubernetes);
    if (release !== undefined) return [prepare(workspace, plan, release, now)];
    console.error(`${plan.cluster} is left out: npx landfall release build ${plan.kubernetes}`);
    return [];
  });
  writeStacks(workspace, prepared);
} catch (error) {
  console.error(formatError(error, false));
  process.exitCode = 1;
}

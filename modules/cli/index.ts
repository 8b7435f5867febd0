// What main.ts (the CDKTF app) and tests call.
export { whyLeftOut } from "../claims/index.ts";
export {
  type Applied,
  apply,
  type Changes,
  destroy,
  diff,
  type PlannedChange,
  type TerraformOptions,
} from "./deploy.ts";
export { landingReport, reportRows } from "./landing-report.ts";
export { formatError } from "./output.ts";
export { type Obtainable, obtainable, obtainableAll, planAll } from "./project.ts";
export { findRelease } from "./releases.ts";
export { type Prepared, prepare, writeStacks } from "./synth.ts";
export { openWorkspace, type Workspace } from "./workspace.ts";

// What main.ts, the CDKTF app, and tests call.

export { findRelease } from "./releases.ts";
export { type Prepared, planAll, prepare, writeStacks } from "./synth.ts";
export { openWorkspace, type Workspace } from "./workspace.ts";

// Moves work from one cluster to another: copies what people wrote, and moves what may run on one side only. Whoever calls
// it passes both APIs; see docs/workloads.md for what is copied, what not, and why.
export type { Difference } from "./differences.ts";
export { formatPlan, formatResult } from "./format.ts";
export { type ConditionState, checkConditions, type GitOpsOptions, waitForConditions } from "./gitops.ts";
export { type LeftOutRule, leftOutRules } from "./left-out.ts";
export { migrate, moveVolumes, settleVolumes, type UndoOptions, undoMigration } from "./migrate.ts";
export { planMigration } from "./prepare.ts";
export { awaitWork } from "./ready.ts";
export { podRequests, quantity, type Requests, type WorkloadRequests } from "./requests.ts";
export type {
  MigrationOptions,
  MigrationPlan,
  MigrationResult,
  Outcome,
  PlannedGroup,
} from "./types.ts";

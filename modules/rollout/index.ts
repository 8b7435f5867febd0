// Blue/green: the replacement of a whole cluster, planned, kept as a journal, carried out, or taken back.
export {
  abortRollout,
  type Effects,
  type Failed,
  type RolloutEvent,
  runRollout,
  type World,
} from "./engine.ts";
export {
  changedSince,
  type FilesOf,
  type Journal,
  type LeftBehind,
  openJournal,
  phaseOf,
  recordOf,
  type StepRecord,
  tookSeconds,
} from "./journal.ts";
export { planRollout, pointOfNoReturn } from "./plan.ts";
export { replacementOf } from "./replacement.ts";
export { amountText, covers } from "./room.ts";
export type {
  Amount,
  Canary,
  Check,
  Demand,
  Load,
  MachineMove,
  Replacement,
  RolloutInput,
  RolloutPlan,
  Room,
  Size,
  Step,
  Timing,
} from "./types.ts";

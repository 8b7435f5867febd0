// Blue/green: the replacement of a whole cluster, planned, kept as a journal, carried out, or taken back.
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

// What people see of machines that boot: a view of all of them, from the records, the time and nothing else.
export { type ClusterReport, clusterReportSchema } from "./conditions.ts";
export { count, duration, roughly } from "./duration.ts";
export { type FleetInput, fleetOf, fleetView, natural } from "./fleet-view.ts";
export { type LiveFleet, type LiveFleetOptions, openLiveFleet } from "./live-fleet.ts";
export { machineView } from "./machine-view.ts";
export {
  type ReplacementReport,
  replacementReportSchema,
  replacementView,
  returnMark,
  stepSignals,
  stepWords,
} from "./replacement.ts";
export { type SoftTimeouts, softTimeouts } from "./timeouts.ts";
export {
  type ClusterView,
  type FleetView,
  type MachineView,
  type RackView,
  type ReplacementView,
  type Signal,
  signals,
} from "./types.ts";

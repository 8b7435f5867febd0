// The boot service: what machines boot, and what is known of them.
export {
  type AssetOptions,
  type Assets,
  type NginxOptions,
  nginxConfig,
  openAssets,
  type TransferLimits,
} from "./assets/index.ts";
export type { CatalogKind, CatalogOptions } from "./catalog/index.ts";
export {
  type ClusterReport,
  type ClusterView,
  count,
  duration,
  type FleetView,
  fleetOf,
  fleetView,
  type MachineView,
  machineView,
  type ReplacementReport,
  type ReplacementView,
  replacementView,
  returnMark,
  type Signal,
  type SoftTimeouts,
  softTimeouts,
  stepSignals,
  stepWords,
} from "./fleet/index.ts";
export { type BootGate, bootGate } from "./gate.ts";
export { localLoader } from "./http/local-boot.ts";
export { reportApp } from "./http/report.ts";
export type { SeenRequest } from "./http/server.ts";
export { type Logger, type LogLevel, logLevels, openLogger } from "./log/index.ts";
export { type Applied, type Machines, type MachinesOptions, openMachines } from "./machine/machines.ts";
export { answer, inForce } from "./machine/transition.ts";
export {
  type BootAnswer,
  longestOrder,
  type MachineEvent,
  type MachineRecord,
  machineRecordSchema,
  type Order,
  type OrderKind,
  type OrderState,
  orderKinds,
  orderStates,
  type Report,
  reportSchema,
  type Stage,
  stages,
} from "./machine/types.ts";
export { countedStore } from "./metrics/index.ts";
export { type BootClient, type BootClientOptions, bootClient, type Landing } from "./rpc/client.ts";
export { type MachineRoutesOptions, machineRoutes } from "./rpc/machine-routes.ts";
export type { ServerTls } from "./rpc/server.ts";
export { openSeen, type Seen, type SeenOptions } from "./seen.ts";
export { type BootService, type BootServiceOptions, type Listen, startBootService } from "./serve.ts";
export { type FileStoreOptions, openFileStore } from "./store/file.ts";
export { openMemoryStore } from "./store/memory.ts";
export { openPostgresStore, type PostgresStoreOptions } from "./store/postgres.ts";
export { type BootStore, type Entry, type Expected, type Kind, kinds } from "./store/types.ts";

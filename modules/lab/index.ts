export type { GroupUsage } from "./cgroups.ts";
export { type LabConfig, type LabTools, labFiles, planLab } from "./config.ts";
export { readConsole } from "./console.ts";
export {
  controlClient,
  type LabControl,
  type LabStatus,
  type LabUsage,
  type ServiceName,
} from "./control.ts";
export { serveLab } from "./daemon.ts";
export { type StopOptions, type StopReport, stopLab } from "./down.ts";
export { readEvents, type StageEvent } from "./events.ts";
export { labNames } from "./names.ts";
export { inside } from "./network.ts";
export { daemonOf, type LabHandle, startLab } from "./up.ts";

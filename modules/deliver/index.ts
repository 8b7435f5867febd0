// Secrets on their way to machines, and what the deployer may ask of a machine: both ends of it.
export type { Target } from "./deliver.ts";
export { deliver, release, status } from "./deliver.ts";
export { type HostKeyOnConsole, hostKeyOnConsole } from "./host-key.ts";
export { receiveScript } from "./receive-script.ts";

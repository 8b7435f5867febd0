export { addons } from "./addons/index.ts";
export { hash } from "./hash.ts";
export { machineConfig } from "./machine-config.ts";
export { apiServerPort, balancerPort } from "./paths.ts";
export { assetPath, machineMetadata, type PoolProfile, poolProfile } from "./profile.ts";

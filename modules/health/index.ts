// Whether a cluster is healthy: an ordered list of named conditions, each with its evidence. The same list gates a deploy
// and answers `landfall status`.
export { checkAll, type Result } from "./check.ts";
export type { Condition, Finding, HealthContext } from "./condition.ts";
export { conditions } from "./conditions/index.ts";
export { type ClientCredentials, type HealthOptions, openHealth } from "./context.ts";
export { formatResults, type HealthReport, healthReport } from "./format.ts";
export { probeManifests } from "./probe-manifests.ts";
export { endpointUrl } from "./servers.ts";
export { type WaitOptions, waitHealthy } from "./wait.ts";

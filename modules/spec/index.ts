export { isAgeRecipient } from "./age-recipient.ts";
export type { ArchiveSpec } from "./archive.ts";
export {
  type Address,
  type Cidr,
  contains,
  formatAddress,
  formatCidr,
  nth,
  overlaps,
  parseAddress,
  parseCidr,
} from "./cidr.ts";
export { type Diagnostic, formatDiagnostic, InvalidFilesError } from "./diagnostic.ts";
export { type ErrorDetails, LandfallError } from "./error.ts";
export { generatedFiles } from "./generated.ts";
export {
  clusterId,
  type Loaded,
  type LoadedCluster,
  type LoadedSite,
  type LoadOptions,
  loadFiles,
  type Project,
} from "./load.ts";
export { type ClusterInProject, loadCluster, loadProject } from "./project.ts";
export { type ReplacementSpec, replacementDefaults, replacementSchema } from "./replacement.ts";
export {
  type Bmc,
  type Cluster,
  type CredentialsSource,
  clusterSchema,
  defaults,
  type FileSpec,
  type Machine,
  type Site,
  siteSchema,
  type Taint,
} from "./schema.ts";
export { didYouMean, nearest } from "./suggest.ts";
export { type TrafficSpec, trafficDefaults } from "./traffic.ts";
export { type Mix, mixFor, shareOf, sharesOf } from "./traffic-shares.ts";
export { urlHost } from "./url-host.ts";
export { virtualRouterId } from "./virtual-router.ts";
export { type WorkloadsSpec, workloadsSchema } from "./workloads.ts";

export { cacheSize } from "./cache.ts";
export { buildConformance, type Conformance } from "./conformance.ts";
export { hostPackages } from "./host.ts";
export { knownReleases } from "./pins.ts";
export { publishRelease } from "./publish.ts";
export { buildRelease, initrdTree, releaseFilePath, resolveRelease } from "./release.ts";
export { runProcess } from "./run.ts";
export { buildTool, buildTools, resolveTools, type ToolName } from "./tools.ts";
export type {
  BuildOptions,
  ProgressEvent,
  Release,
  ReleaseFile,
  ReleaseFileKind,
  Run,
  RunOptions,
  Tools,
} from "./types.ts";

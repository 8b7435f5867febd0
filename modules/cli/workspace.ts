// Where a project keeps its things. Everything that Landfall writes is below `.landfall/`, `cdktf.out/` and the cache.
import { homedir } from "node:os";
import { join, relative } from "node:path";

export interface Workspace {
  /** The project's root, absolute. */
  readonly root: string;
  /** Of built releases and tools; shared by projects. */
  readonly cache: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

export function openWorkspace(root: string, env: Workspace["env"], cache?: string): Workspace {
  return { root, env, cache: cache ?? env.LANDFALL_CACHE ?? join(homedir(), ".cache", "landfall") };
}

export const clustersDir = ({ root }: Workspace) => join(root, "clusters");
export const synthDir = ({ root }: Workspace) => join(root, "cdktf.out");
export const stackDir = (workspace: Workspace, cluster: string) =>
  join(synthDir(workspace), "stacks", cluster);
export const pkiDir = ({ root }: Workspace, cluster: string) => join(root, ".landfall", "pki", cluster);
/** Records of all clusters' steps. */
export const runsDir = ({ root }: Workspace) => join(root, ".landfall", "run");
/** Records of a cluster's steps. */
export const runDir = (workspace: Workspace, cluster: string) => join(runsDir(workspace), cluster);
/** Which cluster holds which machine of a site. */
export const claimsDir = ({ root }: Workspace, site: string) => join(root, ".landfall", "claims", site);
/** Of clusters that were archived. */
export const archiveDir = ({ root }: Workspace) => join(root, ".landfall", "archive");
export const stateFile = ({ root }: Workspace, cluster: string) =>
  join(root, ".landfall", "terraform", `${cluster}.tfstate`);

/** Journals of replacements, by cluster and the version that takes the place. */
export const rolloutsDir = ({ root }: Workspace) => join(root, ".landfall", "rollouts");

/** A path as Terraform sees it from the stack's folder. */
export function fromStack(workspace: Workspace, cluster: string, path: string): string {
  return relative(stackDir(workspace, cluster), path);
}

/** Environment of child processes: the project's own tools first. */
export function childEnv(workspace: Workspace): NodeJS.ProcessEnv {
  const { root, cache, env } = workspace;
  return { ...env, LANDFALL_CACHE: cache, PATH: `${join(root, "node_modules", ".bin")}:${env.PATH ?? ""}` };
}

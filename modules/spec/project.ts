// Where modules/spec touches the disk.
import { readdirSync, readFileSync } from "node:fs";
import { basename, dirname, isAbsolute, join, resolve } from "node:path";
import { InvalidFilesError } from "./diagnostic.ts";
import { LandfallError } from "./error.ts";
import { type LoadedCluster, type LoadOptions, loadFiles, type Project } from "./load.ts";
import type { Cluster, Site } from "./schema.ts";
import { didYouMean } from "./suggest.ts";

/** One cluster with its site, and the rest of the folder. Paths are absolute. */
export interface ClusterInProject {
  readonly id: string;
  readonly site: Site;
  readonly siteFile: string;
  readonly cluster: Cluster;
  readonly clusterFile: string;
  /** All other clusters of the folder, those of other sites too. */
  readonly others: readonly LoadedCluster[];
}

/**
 * Reads every *.yaml of `clustersDir` and the sites that they name. Paths in the result are absolute; those in
 * messages begin with the folder's own name.
 * @throws {InvalidFilesError} `files-invalid`, with everything that is wrong in any of the files.
 * @throws {LandfallError} `clusters-missing` when the folder cannot be read.
 */
export function loadProject(clustersDir: string, options: LoadOptions): Project {
  const above = dirname(resolve(clustersDir));
  const folder = basename(resolve(clustersDir));
  const files = yamlFiles(clustersDir).map((name) => `${folder}/${name}`);
  const absolute = (path: string) => (isAbsolute(path) ? path : join(above, path));
  const loaded = loadFiles((path) => readIfThere(absolute(path)), files, options);
  if (!loaded.ok) throw new InvalidFilesError(loaded.diagnostics);
  return {
    sites: loaded.project.sites.map((s) => ({ ...s, file: absolute(s.file) })),
    clusters: loaded.project.clusters.map((c) => ({
      ...c,
      file: absolute(c.file),
      siteFile: absolute(c.siteFile),
    })),
  };
}

/**
 * The cluster `clusterId` (as lab-v1) of `projectDir`/clusters.
 * @throws {LandfallError} `cluster-unknown` when there is none of that name, and as loadProject.
 */
export function loadCluster(projectDir: string, clusterId: string, options: LoadOptions): ClusterInProject {
  const { clusters } = loadProject(join(projectDir, "clusters"), options);
  const found = clusters.find((c) => c.id === clusterId);
  const ids = clusters.map((c) => c.id);
  if (found === undefined) {
    throw new LandfallError(
      "cluster-unknown",
      `there is no cluster ${JSON.stringify(clusterId)} in clusters/${didYouMean(clusterId, ids)}`,
      {
        found: clusterId,
        expected: ids.length === 0 ? "a file clusters/NAME-VERSION.yaml" : `one of ${ids.join(", ")}`,
        next: `Write clusters/${clusterId}.yaml, or name one that is there.`,
      },
    );
  }
  return {
    id: found.id,
    site: found.site,
    siteFile: found.siteFile,
    cluster: found.cluster,
    clusterFile: found.file,
    others: clusters.filter((c) => c !== found),
  };
}

function yamlFiles(folder: string): string[] {
  try {
    // Names that begin with a dot are editors' own (locks, swap files).
    return readdirSync(folder, { withFileTypes: true })
      .filter((e) => !e.isDirectory() && !e.name.startsWith(".") && /\.ya?ml$/.test(e.name))
      .map((e) => e.name);
  } catch (cause) {
    throw new LandfallError("clusters-missing", `the folder ${folder} cannot be read: ${text(cause)}`, {
      expected: "a folder of site.yaml and NAME-VERSION.yaml files",
      next: "Run this in the project's folder.",
      cause,
    });
  }
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new LandfallError("file-unreadable", `${path} cannot be read: ${text(cause)}`, { cause });
  }
}

function text(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}

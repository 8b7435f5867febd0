// From the texts of a clusters/ folder to Sites and Clusters, or to everything that is wrong with them. Pure.
import { posix } from "node:path";
import { type Diagnostic, order, sortDiagnostics } from "./diagnostic.ts";
import { parseSource, type SourceDocument } from "./document.ts";
import { checkRules } from "./rules/index.ts";
import type { ClusterFile, SiteFile } from "./rules/types.ts";
import { type Cluster, clusterSchema, defaults, type Site, siteSchema } from "./schema.ts";
import { checkShape } from "./shape.ts";
import { didYouMean } from "./suggest.ts";

export interface LoadedSite {
  /** Path of its file; every path in it is relative to that. */
  readonly file: string;
  readonly site: Site;
}

export interface LoadedCluster {
  /** NAME-VERSION. */
  readonly id: string;
  readonly file: string;
  readonly cluster: Cluster;
  readonly siteFile: string;
  readonly site: Site;
}

/** Everything in a clusters/ folder, ordered by file. */
export interface Project {
  readonly sites: readonly LoadedSite[];
  readonly clusters: readonly LoadedCluster[];
}

export type Loaded =
  | { readonly ok: true; readonly project: Project }
  | { readonly ok: false; readonly diagnostics: readonly Diagnostic[] };

export interface LoadOptions {
  /** Kubernetes releases that can be built, as 1.34.1. */
  readonly knownReleases: readonly string[];
}

/**
 * Reads a folder's files through `read`, which answers undefined for a file that is not there.
 * `files` are the *.yaml (and, to be complained of, *.yml) of the folder: each is a cluster, but for those that a cluster names as its site
 * and those called site.yaml. Paths use `/` and are taken as they are.
 */
export function loadFiles(
  read: (path: string) => string | undefined,
  files: readonly string[],
  options: LoadOptions,
): Loaded {
  const sources = new Map<string, SourceDocument>();
  const source = (path: string): SourceDocument | undefined => {
    const known = sources.get(path);
    if (known !== undefined) return known;
    const text = read(path);
    if (text === undefined) return undefined;
    const parsed = parseSource(path, text);
    sources.set(path, parsed);
    return parsed;
  };

  const paths = [...new Set(files)].sort(order);
  const documents = paths.filter((path) => !path.endsWith(".yml")).flatMap((path) => source(path) ?? []);
  const siteOf = new Map(documents.map((d) => [d.file, sitePath(d)]));
  const isSite = (d: SourceDocument) =>
    posix.basename(d.file) === defaults.siteFile ||
    documents.some((other) => other !== d && siteOf.get(other.file) === d.file && !looksLikeCluster(d));
  const sitePaths = documents.filter(isSite).map((d) => d.file);
  const clusterDocuments = documents.filter((d) => !isSite(d));
  const diagnostics: Diagnostic[] = paths
    .filter((path) => path.endsWith(".yml"))
    .map((file) => ({ file, line: 1, column: 1, message: "found a file called .yml, expected .yaml" }));

  const sites = new Map<string, SiteFile>();
  const clusters: ClusterFile[] = [];
  const readSite = (path: string) => {
    const d = sites.has(path) ? undefined : source(path);
    if (d === undefined) return;
    const { value, partial, diagnostics: wrong } = checkShape(siteSchema, d);
    sites.set(path, { source: d, value, partial });
    diagnostics.push(...d.diagnostics, ...(d.value === undefined ? [] : wrong));
  };
  for (const path of sitePaths) readSite(path);

  for (const d of clusterDocuments) {
    if (looksLikeSite(d)) {
      diagnostics.push(
        ...d.diagnostics,
        complain(
          d,
          [],
          "found a site that no cluster names, expected a cluster: name the file in a cluster's `site`, or move it out of the folder",
        ),
      );
      continue;
    }
    const { value, partial, diagnostics: wrong } = checkShape(clusterSchema, d);
    diagnostics.push(...d.diagnostics, ...(d.value === undefined ? [] : wrong));
    const path = siteOf.get(d.file);
    if (path !== undefined && d.value !== undefined) diagnostics.push(...missingSite(d, path));
    clusters.push({ source: d, value, partial, siteFile: path });
  }

  diagnostics.push(...checkRules([...sites.values()], clusters, options));
  if (diagnostics.length > 0) return { ok: false, diagnostics: sortDiagnostics(diagnostics) };
  return {
    ok: true,
    project: {
      sites: [...sites.values()].map((s) => ({ file: s.source.file, site: s.value! })),
      clusters: clusters.map((c) => ({
        id: clusterId(c.value!),
        file: c.source.file,
        cluster: c.value!,
        siteFile: c.siteFile!,
        site: sites.get(c.siteFile!)!.value!,
      })),
    },
  };

  function missingSite(d: SourceDocument, path: string): Diagnostic[] {
    const named = source(path);
    if (named !== undefined && !looksLikeCluster(named)) {
      readSite(path);
      return [];
    }
    const found = named === undefined ? `no file ${path}` : `${path}, which is a cluster`;
    const hint = didYouMean(
      posix.basename(path),
      sitePaths.map((p) => posix.basename(p)),
    );
    return [complain(d, ["site"], `site: found ${found}, expected a site's file${hint}`)];
  }
}

/** NAME-VERSION: the stack's name, and the name of the cluster's file without its ending. */
export function clusterId(cluster: { readonly name: string; readonly version: string }): string {
  return `${cluster.name}-${cluster.version}`;
}

/** The file that a cluster's `site` leads to; undefined when that is not even text. */
function sitePath(d: SourceDocument): string | undefined {
  const named = fields(d).site ?? defaults.siteFile;
  if (typeof named !== "string" || named === "") return undefined;
  return posix.isAbsolute(named) ? posix.normalize(named) : posix.join(posix.dirname(d.file), named);
}

function looksLikeCluster(d: SourceDocument): boolean {
  return "masters" in fields(d) || "kubernetes" in fields(d);
}

function looksLikeSite(d: SourceDocument): boolean {
  return "machines" in fields(d) && "boot" in fields(d) && !looksLikeCluster(d);
}

function fields(d: SourceDocument): Record<string, unknown> {
  return typeof d.value === "object" && d.value !== null ? (d.value as Record<string, unknown>) : {};
}

function complain(d: SourceDocument, path: readonly string[], message: string): Diagnostic {
  return { file: d.file, ...d.locate(path), message };
}

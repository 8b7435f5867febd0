// From the texts of a clusters/ folder to Sites and Clusters, or to everything that is wrong with them. Pure.
import { posix } from "node:path";
import type { ZodType } from "zod";
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
 * `files` are the *.yaml of the folder (and its *.yml, to be complained of): each is a cluster, but for those
 * that a cluster names as its site and those called site.yaml. Paths use `/` and are taken as they are.
 */
export function loadFiles(
  read: (path: string) => string | undefined,
  files: readonly string[],
  options: LoadOptions,
): Loaded {
  const paths = [...new Set(files)].sort(order);
  const open = opener(read);
  const documents = paths.filter((path) => !path.endsWith(".yml")).flatMap((path) => open(path) ?? []);
  const named = new Set(documents.filter((d) => !isCalledSite(d)).map(sitePath));
  const isSite = (d: SourceDocument) => isCalledSite(d) || (named.has(d.file) && !looksLikeCluster(d));
  const [strays, rest] = partition(
    documents.filter((d) => !isSite(d)),
    looksLikeSite,
  );
  const clusters = rest.map((d) => ({ ...shaped(clusterSchema, d), siteFile: sitePath(d) }));
  const elsewhere = clusters.flatMap(({ siteFile }) =>
    siteFile === undefined ? [] : (open(siteFile) ?? []),
  );
  const sites = [
    ...new Set([...documents.filter(isSite), ...elsewhere.filter((d) => !looksLikeCluster(d))]),
  ].map((d) => shaped(siteSchema, d));

  // A text that cannot be read may be what names the stray.
  const allReadable = documents.every((d) => d.value !== undefined);
  const diagnostics = [
    ...paths.filter((path) => path.endsWith(".yml")).map(misnamed),
    ...strays.flatMap((d) => [...d.diagnostics, ...(allReadable ? [stray(d)] : [])]),
    ...[...sites, ...clusters].flatMap((file) => file.diagnostics),
    ...clusters.flatMap((cluster) => siteMissing(cluster, open, sites)),
    ...checkRules(sites, clusters, options),
  ];
  if (diagnostics.length > 0) return { ok: false, diagnostics: sortDiagnostics(diagnostics) };

  // No diagnostics: every value is there.
  const loadedSites = sites.map(({ source, value }) => ({ file: source.file, site: value! }));
  return {
    ok: true,
    project: {
      sites: loadedSites,
      clusters: clusters.map(({ source, value, siteFile }) => ({
        id: clusterId(value!),
        file: source.file,
        cluster: value!,
        siteFile: siteFile!,
        site: loadedSites.find(({ file }) => file === siteFile)!.site,
      })),
    },
  };
}

/** Opens each file once. */
function opener(read: (path: string) => string | undefined): (path: string) => SourceDocument | undefined {
  const documents = new Map<string, SourceDocument | undefined>();
  return (path) => {
    if (!documents.has(path)) {
      const text = read(path);
      documents.set(path, text === undefined ? undefined : parseSource(path, text));
    }
    return documents.get(path);
  };
}

function shaped<T>(schema: ZodType<T>, source: SourceDocument) {
  const { value, partial, diagnostics } = checkShape(schema, source);
  // Of a text that is no YAML the parser has said all.
  const shape = source.value === undefined ? [] : diagnostics;
  return { source, value, partial, diagnostics: [...source.diagnostics, ...shape] };
}

function siteMissing(
  { source, siteFile }: ClusterFile,
  open: (path: string) => SourceDocument | undefined,
  sites: readonly SiteFile[],
): Diagnostic[] {
  if (source.value === undefined || siteFile === undefined) return [];
  const named = open(siteFile);
  if (named !== undefined && !looksLikeCluster(named)) return [];
  const found = named === undefined ? `no file ${siteFile}` : `${siteFile}, which is a cluster`;
  const hint = didYouMean(
    posix.basename(siteFile),
    sites.map((site) => posix.basename(site.source.file)),
  );
  return [complain(source, ["site"], `site: found ${found}, expected a site's file${hint}`)];
}

function misnamed(file: string): Diagnostic {
  const message = "found a file called .yml, expected .yaml: it would be overlooked";
  return { file, line: 1, column: 1, message };
}

function stray(d: SourceDocument): Diagnostic {
  const expected = "expected a cluster: name the file as a cluster's `site`, or move it out of the folder";
  return complain(d, [], `found a site that no cluster names, ${expected}`);
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

function isCalledSite(d: SourceDocument): boolean {
  return posix.basename(d.file) === defaults.siteFile;
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

function partition<T>(items: readonly T[], test: (item: T) => boolean): [T[], T[]] {
  return [items.filter(test), items.filter((item) => !test(item))];
}

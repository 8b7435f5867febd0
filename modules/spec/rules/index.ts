// What the schema cannot say: rules that look at more than one value, or at what a value means.
import { posix } from "node:path";
import type { Diagnostic } from "../diagnostic.ts";
import { pathText } from "../shape.ts";
import { checkAddresses, checkAddressesApart } from "./addresses.ts";
import { checkArchive } from "./archive.ts";
import { checkClaims, readClaims } from "./claims.ts";
import { checkIdentity, checkRanges, checkRetire } from "./cluster.ts";
import { checkEndpoint, checkEndpointsApart } from "./endpoint.ts";
import { readSite } from "./facts.ts";
import { checkPools } from "./pools.ts";
import { reportRepeats } from "./repeats.ts";
import { checkReplacement } from "./replacement.ts";
import { checkSite } from "./site.ts";
import { checkTraffic } from "./traffic.ts";
import type { ClusterFile, Report, SiteFile } from "./types.ts";
import { checkWorkloads } from "./workloads.ts";

export interface RuleOptions {
  readonly knownReleases: readonly string[];
}

/** Every breach of every rule in every file, in no order. */
export function checkRules(
  sites: readonly SiteFile[],
  clusters: readonly ClusterFile[],
  { knownReleases }: RuleOptions,
): Diagnostic[] {
  const diagnostics: Diagnostic[] = [];
  const report: Report = ({ source }, path, message, part) => {
    const subject = path.length === 0 ? "" : `${pathText(path)}: `;
    diagnostics.push({ file: source.file, ...source.locate(path, part), message: `${subject}${message}` });
  };

  const facts = new Map(sites.map((file) => [file.source.file, readSite(file)]));
  for (const site of facts.values()) checkSite(site, report);
  checkSiteNames(sites, report);

  const claimed = clusters.map((file) => {
    const site = file.siteFile === undefined ? undefined : facts.get(file.siteFile);
    return { file, site, pools: readClaims(file, site) };
  });
  for (const { file, site, pools } of claimed) {
    checkIdentity(file, knownReleases, report);
    checkPools(file, pools, report);
    checkRanges(file, site, pools, report);
    checkEndpoint(file, site, pools, report);
    checkAddresses(file, site, pools, report);
    checkRetire(file, site, report);
    checkReplacement(file, report);
    checkTraffic(file, report);
    checkArchive(file, report);
    checkWorkloads(file, report);
  }
  for (const here of Map.groupBy(claimed, ({ file }) => file.siteFile ?? file).values()) {
    checkClaims(here[0]?.site, here, report);
    const files = here.map(({ file }) => file);
    checkEndpointsApart(files, report);
    checkAddressesApart(files, report);
  }
  checkIds(clusters, report);
  return diagnostics;
}

function checkSiteNames(sites: readonly SiteFile[], report: Report): void {
  reportRepeats(
    sites.map((file) => ({
      file,
      path: ["name"],
      key: file.partial.name,
      shown: `the site ${file.partial.name}`,
    })),
    "a name of its own for each site",
    report,
  );
}

function checkIds(clusters: readonly ClusterFile[], report: Report): void {
  const id = ({ partial: { name, version } }: ClusterFile) =>
    name === undefined || version === undefined ? undefined : `${name}-${version}`;
  // The file that is called as its cluster is comes first: the other one is mistaken.
  const rightly = (file: ClusterFile) => posix.basename(file.source.file) === `${id(file)}.yaml`;
  reportRepeats(
    [...clusters.filter(rightly), ...clusters.filter((file) => !rightly(file))].map((file) => ({
      file,
      path: ["version"],
      key: id(file),
      shown: `the cluster ${id(file)}`,
    })),
    "a version of its own for each",
    report,
  );
}

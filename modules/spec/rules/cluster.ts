// Rules within one cluster: what it is called, which release, its ranges of addresses.
import { posix } from "node:path";
import { type Cidr, formatCidr, overlaps, parseCidr, size } from "../cidr.ts";
import type { Path } from "../document.ts";
import { defaults } from "../schema.ts";
import { didYouMean } from "../suggest.ts";
import type { ClaimedPool } from "./claims.ts";
import type { SiteFacts } from "./facts.ts";
import { isDnsName, likelyDnsName } from "./names.ts";
import { checkRange } from "./networks.ts";
import type { ClusterFile, Report } from "./types.ts";

export function checkIdentity(file: ClusterFile, knownReleases: readonly string[], report: Report): void {
  const { name, version, kubernetes, network, ssh } = file.partial;
  const called = posix.basename(file.source.file);
  if (name !== undefined && version !== undefined && called !== `${name}-${version}.yaml`) {
    const found = `found the cluster ${name}-${version} in a file called ${called}`;
    report(
      file,
      ["name"],
      `${found}, expected ${name}-${version}.yaml: the file is called as the cluster is`,
    );
  }
  if (kubernetes !== undefined && !knownReleases.includes(kubernetes)) {
    const hint = didYouMean(kubernetes, knownReleases);
    const found = `found the unknown release ${JSON.stringify(kubernetes)}`;
    report(file, ["kubernetes"], `${found}, expected ${oneOf(knownReleases)}${hint}`);
  }
  if (network?.domain !== undefined && !isDnsName(network.domain)) {
    const meant = likelyDnsName(network.domain);
    const hint = meant === undefined ? "" : `; did you mean ${JSON.stringify(meant)}?`;
    report(
      file,
      ["network", "domain"],
      `found ${JSON.stringify(network.domain)}, expected a DNS name${hint}`,
    );
  }
  ssh?.authorizedKeys?.forEach((key, index) => {
    if (key === undefined || isPublicKey(key)) return;
    // Not repeated: a private key may have been pasted.
    const expected = "expected the one line of a .pub file, as ssh-ed25519 AAAA... NAME";
    report(file, ["ssh", "authorizedKeys", index], `found no public key, ${expected}`);
  });
}

/** Who empties disks is sent there by an order, and only Landfall's own boot service knows orders. */
export function checkRetire(file: ClusterFile, site: SiteFacts | undefined, report: Report): void {
  const service = site?.file.partial.boot?.service;
  if (file.partial.retire?.disks !== "wipe" || service === undefined || service === "landfall") return;
  report(
    file,
    ["retire", "disks"],
    `found wipe on a site with ${service}, expected boot.service: landfall, or keep`,
  );
}

function oneOf(values: readonly string[]): string {
  return values.length === 1 ? values[0]! : `one of ${values.join(", ")}`;
}

function isPublicKey(line: string): boolean {
  return /^(?:[^\n]+ )?(?:ssh-|ecdsa-|sk-)[a-z0-9@.-]+ [A-Za-z0-9+/]+={0,3}(?: [^\n]*)?$/.test(line);
}

/** What a cluster's two ranges must hold, by family: Kubernetes' own limits, and Landfall's needs. */
const limits = {
  4: { node: 24, widestPods: 8, widestServices: 12, narrowestServices: 28 },
  6: { node: 64, widestPods: 48, widestServices: 108, narrowestServices: 124 },
} as const;

interface Range {
  readonly path: Path;
  readonly name: string;
  readonly cidr: Cidr;
  /** ` (the default)`, or nothing. */
  readonly note: string;
}

export function checkRanges(
  file: ClusterFile,
  site: SiteFacts | undefined,
  pools: readonly ClaimedPool[],
  report: Report,
): void {
  const pods = readRange(file, "pods", report);
  const services = readRange(file, "services", report);
  if (pods !== undefined) checkPods(file, pods, pools, report);
  if (services !== undefined) checkServices(file, services, report);
  if (pods !== undefined && services !== undefined) {
    if (overlaps(pods.cidr, services.cidr)) {
      const found = `found ${text(services)}, which overlaps the pods' ${text(pods)}`;
      report(file, services.path, `${found}; expected ranges apart`);
    } else if (pods.cidr.family !== services.cidr.family) {
      const found = `found ${text(services)} beside the pods' ${text(pods)}`;
      report(file, services.path, `${found}, expected both of one IP family`);
    }
  }
  for (const range of [pods, services]) {
    for (const network of site?.networks ?? []) {
      if (range === undefined || network.cidr === undefined || !overlaps(range.cidr, network.cidr)) continue;
      const other = `the site's network ${network.name}, ${formatCidr(network.cidr)}`;
      report(file, range.path, `found ${text(range)}, which overlaps ${other}; expected a range of its own`);
    }
  }
  if (pods === undefined) return;
  for (const { path, name, machine } of pools.flatMap(({ claims }) => claims)) {
    const family = machine?.network?.cidr?.family;
    if (family === undefined || family === pods.cidr.family) continue;
    const found = `found ${name} on an IPv${family} network with pods on ${text(pods)}`;
    report(file, path, `${found}, expected one IP family`);
  }
}

function readRange(file: ClusterFile, name: "pods" | "services", report: Report): Range | undefined {
  const { network } = file.partial;
  // Present but unreadable: the schema has said so.
  if (Object.hasOwn(file.partial, "network") && network === undefined) return undefined;
  const isDefault = network === undefined || !Object.hasOwn(network, name);
  const written = isDefault ? defaults[name] : network[name];
  const cidr = written === undefined ? undefined : parseCidr(written);
  if (written === undefined || cidr === undefined) return undefined;
  const path = ["network", name];
  checkRange(file, path, written, report);
  return { path, name, cidr, note: isDefault ? " (the default)" : "" };
}

function checkPods(file: ClusterFile, range: Range, pools: readonly ClaimedPool[], report: Report): void {
  const { node, widestPods } = limits[range.cidr.family];
  const { prefix } = range.cidr;
  if (prefix > node || prefix < widestPods) {
    const expected = `a prefix from /${widestPods} to /${node}: each node takes a /${node}`;
    report(file, range.path, `found ${text(range)}, expected ${expected}`);
    return;
  }
  const room = 2 ** (node - prefix);
  const machines = pools.reduce((sum, { claims }) => sum + claims.length, 0);
  if (machines > room) {
    const found = `found ${text(range)}, room for ${room} ${room === 1 ? "node" : "nodes"} of a /${node} each`;
    report(file, range.path, `${found}; expected room for ${machines}`);
  }
}

function checkServices(file: ClusterFile, range: Range, report: Report): void {
  const { widestServices, narrowestServices } = limits[range.cidr.family];
  const { prefix } = range.cidr;
  if (prefix >= widestServices && prefix <= narrowestServices) return;
  const expected = `a prefix from /${widestServices} to /${narrowestServices}`;
  report(file, range.path, `found ${text(range)} (${size(range.cidr)} addresses), expected ${expected}`);
}

function text({ cidr, note }: Range): string {
  return `${formatCidr(cidr)}${note}`;
}

// What other rules need to know of a site, read once.
import { type Address, type Cidr, parseAddress, parseCidr } from "../cidr.ts";
import type { SiteFile } from "./types.ts";

export interface NetworkFact {
  readonly index: number;
  readonly name: string | undefined;
  readonly cidr: Cidr | undefined;
  readonly gateway: Address | undefined;
  readonly dns: readonly Address[];
}

export interface MachineFact {
  readonly index: number;
  readonly name: string | undefined;
  readonly address: Address | undefined;
  /** The network that it is on; undefined when that cannot be told. */
  readonly network: NetworkFact | undefined;
  /** Undefined when it could not be read, null when there is none. */
  readonly disk: string | null | undefined;
}

export interface SiteFacts {
  readonly file: SiteFile;
  readonly networks: readonly NetworkFact[];
  readonly machines: readonly MachineFact[];
  /** The first machine of each name. */
  readonly byName: ReadonlyMap<string, MachineFact>;
  /** Every name as written, bad ones too, so that a claim of such a machine is not wrong a second time. */
  readonly names: readonly string[];
  /** Whether the machines could be read at all. */
  readonly complete: boolean;
  /** The boot service's address, if it is one. */
  readonly boot: Address | undefined;
}

export function readSite(file: SiteFile): SiteFacts {
  const { networks = [], machines, boot } = file.partial;
  const networkFacts = networks.map((network, index) => ({
    index,
    name: network?.name,
    cidr: network?.cidr === undefined ? undefined : parseCidr(network.cidr),
    gateway: network?.gateway === undefined ? undefined : parseAddress(network.gateway),
    dns: (network?.dns ?? []).flatMap((address) => parseAddress(address ?? "") ?? []),
  }));
  const only = networkFacts.length === 1 ? networkFacts[0] : undefined;
  const machineFacts = (machines ?? []).map((machine = {}, index) => ({
    index,
    name: machine.name,
    address: machine.address === undefined ? undefined : parseAddress(machine.address),
    network: Object.hasOwn(machine, "network")
      ? networkFacts.find(({ name }) => name !== undefined && name === machine.network)
      : only,
    disk: Object.hasOwn(machine, "disk") ? machine.disk : null,
  }));
  const byName = new Map<string, MachineFact>();
  for (const fact of machineFacts) {
    if (fact.name !== undefined && !byName.has(fact.name)) byName.set(fact.name, fact);
  }
  return {
    file,
    networks: networkFacts,
    machines: machineFacts,
    byName,
    names: writtenNames(file.source.value),
    complete: machines !== undefined,
    boot: boot?.http === undefined ? undefined : parseAddress(hostOf(boot.http)),
  };
}

/** The host of a URL, IPv6 without its brackets. */
export function hostOf(url: string): string {
  return new URL(url).hostname.replace(/^\[|\]$/g, "");
}

export function sameAddress(a: Address | undefined, b: Address | undefined): boolean {
  return a !== undefined && b !== undefined && a.family === b.family && a.value === b.value;
}

function writtenNames(site: unknown): string[] {
  const machines = (site as { machines?: unknown } | null | undefined)?.machines;
  if (!Array.isArray(machines)) return [];
  return machines.flatMap((machine: unknown) => {
    const name = (machine as { name?: unknown } | null)?.name;
    return typeof name === "string" ? [name] : [];
  });
}

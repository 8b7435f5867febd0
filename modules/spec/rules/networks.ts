// Ranges and addresses of a site's networks.
import {
  type Address,
  contains,
  formatAddress,
  formatCidr,
  isNetworkOrBroadcast,
  overlaps,
  parseAddress,
  parseCidr,
} from "../cidr.ts";
import type { Path } from "../document.ts";
import { didYouMean } from "../suggest.ts";
import { type NetworkFact, type SiteFacts, sameAddress } from "./facts.ts";
import { reportRepeats } from "./repeats.ts";
import type { Report, WrittenFile } from "./types.ts";

export function checkNetworks({ file, networks }: SiteFacts, report: Report): void {
  reportRepeats(
    networks.map(({ index, name }) => ({
      file,
      path: ["networks", index, "name"],
      key: name,
      shown: `the network ${JSON.stringify(name)}`,
    })),
    "each name once",
    report,
  );
  for (const { index, cidr, gateway } of networks) {
    const path = ["networks", index, "cidr"];
    const written = file.partial.networks?.[index]?.cidr;
    if (cidr === undefined || written === undefined) continue;
    checkRange(file, path, written, report);
    for (const before of networks.slice(0, index)) {
      if (before.cidr === undefined || !overlaps(before.cidr, cidr)) continue;
      const other = `${before.name ?? `networks[${before.index}]`}, ${formatCidr(before.cidr)}`;
      report(file, path, `found ${formatCidr(cidr)}, which overlaps ${other}; expected networks apart`);
    }
    if (gateway !== undefined) {
      checkHost(file, ["networks", index, "gateway"], gateway, networks[index]!, report);
    }
  }
}

export function checkMachineAddresses({ file, networks, machines, boot }: SiteFacts, report: Report): void {
  const names = networks.flatMap(({ name }) => name ?? []);
  for (const { index, address, network } of machines) {
    const written = file.partial.machines?.[index];
    if (written === undefined) continue;
    if (written.network !== undefined && network === undefined) {
      const hint = didYouMean(written.network, names);
      const found = `found the unknown network ${JSON.stringify(written.network)}`;
      report(file, ["machines", index, "network"], `${found}, expected one of ${names.join(", ")}${hint}`);
    }
    if (!Object.hasOwn(written, "network") && networks.length > 1) {
      const expected = `one of ${names.join(", ")}, since the site has several networks`;
      report(file, ["machines", index, "network"], `found no network, expected ${expected}`);
    }
    if (address === undefined) continue;
    const path = ["machines", index, "address"];
    if (network !== undefined && checkHost(file, path, address, network, report)) {
      if (sameAddress(address, network.gateway)) {
        report(
          file,
          path,
          `found the gateway of ${network.name ?? "its network"}, expected an address of its own`,
        );
        continue;
      }
    }
    if (sameAddress(address, boot)) {
      report(file, path, "found the boot service's address, expected an address of its own");
    }
  }
}

/** Whether the address can be a host's on the network; says so if not. */
export function checkHost(
  file: WrittenFile,
  path: Path,
  address: Address,
  { name, cidr }: NetworkFact,
  report: Report,
): boolean {
  if (cidr === undefined) return true;
  const network = `${name ?? "its network"}, ${formatCidr(cidr)}`;
  const written = `found ${formatAddress(address)}`;
  if (!contains(cidr, address)) {
    report(file, path, `${written}, expected an address in ${network}`);
    return false;
  }
  if (isNetworkOrBroadcast(cidr, address)) {
    const which = address.value === cidr.base ? "network" : "broadcast";
    report(file, path, `${written}, the ${which} address of ${network}; expected a host's address`);
    return false;
  }
  return true;
}

/** Ranges that no network of a rack or a cluster can have. */
const special: readonly (readonly [string, string])[] = [
  ["0.0.0.0/8", "this host"],
  ["127.0.0.0/8", "loopback"],
  ["169.254.0.0/16", "link-local addresses"],
  ["224.0.0.0/3", "multicast and reserved addresses"],
  ["::/127", "loopback"],
  ["fe80::/10", "link-local addresses"],
  ["ff00::/8", "multicast"],
];

/** That a range is written by its first address, and is one that hosts can use. */
export function checkRange(file: WrittenFile, path: Path, written: string, report: Report): void {
  const cidr = parseCidr(written);
  if (cidr === undefined) return;
  if (parseAddress(written.slice(0, written.indexOf("/")))?.value !== cidr.base) {
    report(
      file,
      path,
      `found ${JSON.stringify(written)}, whose address is not the range's first; expected ${formatCidr(cidr)}`,
    );
  }
  const taken = special.find(([range]) => overlaps(parseCidr(range)!, cidr));
  if (taken !== undefined) {
    report(
      file,
      path,
      `found ${formatCidr(cidr)}, which overlaps ${taken[0]} (${taken[1]}); expected a range for hosts`,
    );
  }
}

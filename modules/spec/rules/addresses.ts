// Addresses of Services that masters hold: on their network, nobody else's, and each with a VRRP id of its own.
import { formatAddress, parseAddress } from "../cidr.ts";
import { virtualRouterId } from "../virtual-router.ts";
import type { ClaimedPool } from "./claims.ts";
import { checkFreeAddress, mastersNetwork } from "./endpoint.ts";
import type { SiteFacts } from "./facts.ts";
import { reportRepeats } from "./repeats.ts";
import { type ClusterFile, type Report, where } from "./types.ts";

export function checkAddresses(
  file: ClusterFile,
  site: SiteFacts | undefined,
  pools: readonly ClaimedPool[],
  report: Report,
): void {
  const addresses = file.partial.network?.addresses ?? [];
  const at = (index: number) => ["network", "addresses", index, "address"];
  reportRepeats(
    addresses.map((each, index) => ({
      file,
      path: at(index),
      key: each?.address,
      shown: `the address ${each?.address}`,
    })),
    "each address once",
    report,
  );
  // What is wrong with the masters' network is told where the endpoint is checked.
  const network = mastersNetwork(file, pools, () => {});
  addresses.forEach((each, index) => {
    const address = each?.address === undefined ? undefined : parseAddress(each.address);
    if (address !== undefined && site !== undefined)
      checkFreeAddress(file, at(index), address, network, site, report);
  });
}

interface Held {
  readonly file: ClusterFile;
  readonly path: (string | number)[];
  readonly address: string;
}

/** Of clusters on one site: an address is shared by versions of one cluster, and no two have the same VRRP id. */
export function checkAddressesApart(clusters: readonly ClusterFile[], report: Report): void {
  const held: Held[] = clusters.flatMap((file) =>
    (file.partial.network?.addresses ?? []).flatMap((each, index) =>
      each?.address === undefined
        ? []
        : [{ file, path: ["network", "addresses", index, "address"], address: each.address }],
    ),
  );
  const endpoints: Held[] = clusters.flatMap((file) => {
    const address = parseAddress(file.partial.endpoint?.address ?? "");
    return address === undefined
      ? []
      : [{ file, path: ["endpoint", "address"], address: formatAddress(address) }];
  });
  held.forEach((own, index) => {
    const endpoint = endpoints.find(
      ({ file, address }) => address === own.address || (file === own.file && sameId(address, own.address)),
    );
    if (endpoint?.address === own.address) {
      const found = `found ${own.address}, the endpoint at ${where(endpoint.file, endpoint.path)}`;
      report(own.file, own.path, `${found}; expected a free one`);
      return;
    }
    if (endpoint !== undefined) {
      const found = `found ${own.address}, whose VRRP id is that of the endpoint ${endpoint.address}`;
      report(own.file, own.path, `${found}; expected an address with another last number`);
      return;
    }
    for (const other of held.slice(0, index)) {
      const versions = own.file.partial.name === other.file.partial.name;
      if (other.file === own.file ? other.address === own.address : versions && other.address === own.address)
        continue;
      if (!sameId(own.address, other.address)) continue;
      const place = where(other.file, other.path);
      const found =
        own.address === other.address
          ? `found ${own.address}, which another cluster holds (${place})`
          : `found ${own.address}, whose VRRP id is that of ${other.address} (${place})`;
      report(own.file, own.path, `${found}; expected an address with another last number`);
      return;
    }
  });
}

function sameId(a: string, b: string): boolean {
  return virtualRouterId(a) === virtualRouterId(b);
}

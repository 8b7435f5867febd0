// Where people reach the API: an address that masters can hold, and names that a certificate can cover.
import { isIP } from "node:net";
import { type Address, formatAddress, parseAddress } from "../cidr.ts";
import type { Path } from "../document.ts";
import type { ClaimedPool } from "./claims.ts";
import { type NetworkFact, type SiteFacts, sameAddress } from "./facts.ts";
import { isDnsName, likelyDnsName } from "./names.ts";
import { checkHost } from "./networks.ts";
import { reportRepeats } from "./repeats.ts";
import type { ClusterFile, Report } from "./types.ts";

/** Ports that something else listens on, on every master. */
const takenPorts: ReadonlyMap<number, string> = new Map([
  [22, "sshd"],
  [179, "kube-router"],
  [2379, "etcd"],
  [2380, "etcd"],
  [2381, "etcd"],
  [2382, "etcd"],
  [7443, "the node's balancer"],
  [10248, "kubelet"],
  [10249, "kube-proxy"],
  [10250, "kubelet"],
  [10256, "kube-proxy"],
  [10257, "kube-controller-manager"],
  [10259, "kube-scheduler"],
  [20244, "kube-router"],
]);

export function checkEndpoint(
  file: ClusterFile,
  site: SiteFacts | undefined,
  pools: readonly ClaimedPool[],
  report: Report,
): void {
  const { endpoint } = file.partial;
  const network = mastersNetwork(file, pools, report);
  const address = endpoint?.address === undefined ? undefined : parseAddress(endpoint.address);
  if (address !== undefined && site !== undefined)
    checkFreeAddress(file, ["endpoint", "address"], address, network, site, report);
  const owner = endpoint?.port === undefined ? undefined : takenPorts.get(endpoint.port);
  if (owner !== undefined) {
    const found = `found ${endpoint?.port}, on which ${owner} listens on masters`;
    report(file, ["endpoint", "port"], `${found}; expected a free port, as 6443 or 443`);
  }
  checkNames(file, endpoint?.names ?? [], report);
}

/** Of clusters on one site no two may hold the same address. */
export function checkEndpointsApart(clusters: readonly ClusterFile[], report: Report): void {
  reportRepeats(
    clusters.map((file) => {
      const written = file.partial.endpoint?.address;
      const address = written === undefined ? undefined : parseAddress(written);
      return {
        file,
        path: ["endpoint", "address"],
        key: address === undefined ? undefined : formatAddress(address),
        shown: `the endpoint ${written}`,
      };
    }),
    "an address of its own for each cluster of a site",
    report,
  );
}

/** The network that all masters are on: the virtual IP moves between them. */
export function mastersNetwork(
  file: ClusterFile,
  pools: readonly ClaimedPool[],
  report: Report,
): NetworkFact | undefined {
  const masters = pools
    .filter(({ master }) => master)
    .flatMap(({ claims }) => claims)
    .filter(({ machine }) => machine?.network !== undefined);
  const [first] = masters;
  for (const { path, name, machine } of masters.slice(1)) {
    if (machine!.network === first!.machine!.network) continue;
    const found = `found ${name} on the network ${machine!.network!.name}`;
    const expected = `all masters on one: ${first!.name} is on ${first!.machine!.network!.name}`;
    report(file, path, `${found}, expected ${expected}`);
  }
  return first?.machine?.network;
}

/** That an address is one of the masters' network, and nobody has it. */
export function checkFreeAddress(
  file: ClusterFile,
  path: Path,
  address: Address,
  network: NetworkFact | undefined,
  site: SiteFacts,
  report: Report,
): void {
  if (network !== undefined && !checkHost(file, path, address, network, report)) return;
  const machine = site.machines.find((each) => sameAddress(each.address, address));
  const owner =
    machine !== undefined
      ? `the machine ${machine.name ?? ""}`.trimEnd()
      : sameAddress(address, network?.gateway)
        ? "the gateway"
        : sameAddress(address, site.boot)
          ? "the boot service"
          : network?.dns.some((resolver) => sameAddress(resolver, address))
            ? "a resolver"
            : undefined;
  if (owner === undefined) return;
  report(file, path, `found ${formatAddress(address)}, the address of ${owner}; expected a free one`);
}

function checkNames(file: ClusterFile, names: readonly (string | undefined)[], report: Report): void {
  const at = (index: number): Path => ["endpoint", "names", index];
  reportRepeats(
    names.map((name, index) => ({ file, path: at(index), key: name, shown: `the name ${name}` })),
    "each name once",
    report,
  );
  names.forEach((name, index) => {
    if (name === undefined || isDnsName(name) || (isIP(name) !== 0 && !name.includes("%"))) return;
    const meant = likelyDnsName(name);
    const hint = meant === undefined ? "" : `; did you mean ${JSON.stringify(meant)}?`;
    const expected = "expected a name that a certificate covers: a DNS name in lower case, or an IP address";
    report(file, at(index), `found ${JSON.stringify(name)}, ${expected}${hint}`);
  });
}

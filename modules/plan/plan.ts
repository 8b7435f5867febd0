// From one Site and one Cluster to everything that has a name or an address. Pure, and all defaults are filled in.
import { dirname, resolve } from "node:path";
import {
  type Cluster,
  clusterId,
  defaults,
  formatAddress,
  formatCidr,
  LandfallError,
  type Machine,
  nth,
  parseAddress,
  parseCidr,
  type Site,
} from "../spec/index.ts";
import { planBmc, planPower } from "./bmc.ts";
import { certificateRequests } from "./certificates.ts";
import type { BootPlan, ClusterNetwork, MachinePlan, Plan, PoolPlan, Role } from "./types.ts";

export interface PlanInput {
  readonly site: Site;
  /** Absolute path of the site's file: the paths in it are relative to that. */
  readonly siteFile: string;
  readonly cluster: Cluster;
  /** Machines that its file names and that it is to do without: another version holds them. Default: none. */
  readonly without?: ReadonlySet<string>;
}

/**
 * The plan of a cluster whose files have passed modules/spec.
 * @throws {LandfallError} `plan-impossible` when they have not.
 */
export function plan({ site, siteFile, cluster, without = new Set() }: PlanInput): Plan {
  const absolute = (path: string) => resolve(dirname(siteFile), path);
  const known = new Map(site.machines.map((machine) => [machine.name, machine]));
  const pools = poolsOf(cluster).map((pool) => {
    const named = pool.machines.map(
      (name) => known.get(name) ?? impossible(`the site has no machine ${name}`),
    );
    const members = named.filter(({ name }) => !without.has(name));
    // The disk is that of all: what a pool boots stays the same while machines come and go.
    return { ...pool, machines: members.map(({ name }) => name), members, disk: named[0]?.disk };
  });
  const named = {
    cluster: clusterId(cluster),
    name: cluster.name,
    version: cluster.version,
    site: site.name,
    kubernetes: cluster.kubernetes,
    endpoint: {
      address: canonical(cluster.endpoint.address),
      port: cluster.endpoint.port ?? defaults.endpointPort,
      names: cluster.endpoint.names ?? [],
    },
    network: planNetwork(cluster),
    boot: planBoot(site, absolute),
    state: site.state?.backend ?? "local",
    power: planPower(site),
    proxy: site.access?.proxy,
    pools: pools.map(({ members: _, ...pool }) => pool),
    machines: pools.flatMap((pool) =>
      pool.members.map((machine) => planMachine(site, machine, pool, absolute)),
    ),
    retireDisks: cluster.retire?.disks ?? defaults.retireDisks,
    timeouts: {
      boot: cluster.timeouts?.boot ?? defaults.bootTimeout,
      ready: cluster.timeouts?.ready ?? defaults.readyTimeout,
    },
    authorizedKeys: cluster.ssh?.authorizedKeys ?? [],
  };
  return { ...named, certificates: certificateRequests(named) };
}

type Pool = Omit<PoolPlan, "disk">;

function poolsOf({ masters, pools = [] }: Cluster): Pool[] {
  const pool = (name: string, role: Role, written: Written, taints: Pool["taints"]): Pool => ({
    name,
    role,
    machines: written.machines,
    labels: sorted(written.labels ?? {}),
    taints,
    files: (written.files ?? []).map(({ path, contents, mode = defaults.fileMode }) => ({
      path,
      contents,
      mode,
    })),
  });
  const schedulable = masters.schedulable ?? defaults.schedulableMasters;
  const keepOff = { key: "node-role.kubernetes.io/control-plane", effect: "NoSchedule" };
  return [
    pool("masters", "master", masters, schedulable ? [] : [keepOff]),
    ...pools.map((worker) =>
      pool(
        worker.name,
        "worker",
        worker,
        (worker.taints ?? []).map(({ key, value, effect }) => ({
          key,
          ...(value !== undefined && { value }),
          effect,
        })),
      ),
    ),
  ];
}

/** What masters and pools have in common in the file. */
type Written = Pick<Cluster["masters"], "machines" | "labels" | "files">;

function planNetwork({ network = {} }: Cluster): ClusterNetwork {
  const services = range(network.services ?? defaults.services);
  return {
    pods: formatCidr(range(network.pods ?? defaults.pods)),
    services: formatCidr(services),
    apiService: formatAddress(nth(services, 1)),
    dnsService: formatAddress(nth(services, 10)),
    domain: network.domain ?? defaults.domain,
    ...(network.addresses && {
      addresses: network.addresses.map(({ address, service }) => {
        const [namespace = "", name = ""] = service.split("/");
        return { address, namespace, name };
      }),
    }),
    ...(network.bgp && {
      bgp: {
        asn: network.bgp.asn,
        routers: network.bgp.routers.map((router) => ({ ...router, address: canonical(router.address) })),
      },
    }),
  };
}

function planBoot({ boot }: Site, absolute: (path: string) => string): BootPlan {
  return {
    service: boot.service,
    http: boot.http.replace(/\/$/, ""),
    rpc: boot.rpc,
    page: boot.page?.replace(/\/$/, ""),
    ...softTimeouts(boot),
    assetsUrl: (boot.assetsUrl ?? boot.http).replace(/\/$/, ""),
    tls: { ca: absolute(boot.tls.ca), cert: absolute(boot.tls.cert), key: absolute(boot.tls.key) },
    assets: absolute(boot.assets),
  };
}

function softTimeouts({ softTimeouts }: Site["boot"]): Pick<BootPlan, "softTimeouts"> {
  if (softTimeouts === undefined) return {};
  const set = Object.entries(softTimeouts).filter(([, seconds]) => seconds !== undefined);
  return { softTimeouts: Object.fromEntries(set) };
}

function planMachine(
  site: Site,
  machine: Machine,
  pool: Pool,
  absolute: (path: string) => string,
): MachinePlan {
  const network =
    machine.network === undefined
      ? site.networks[0]
      : site.networks.find(({ name }) => name === machine.network);
  if (network === undefined) return impossible(`machine ${machine.name} is on no network`);
  return {
    name: machine.name,
    pool: pool.name,
    role: pool.role,
    mac: machine.mac.toLowerCase().replaceAll("-", ":"),
    address: canonical(machine.address),
    prefix: range(network.cidr).prefix,
    gateway: network.gateway === undefined ? undefined : canonical(network.gateway),
    dns: (network.dns ?? []).map(canonical),
    labels: sorted({ ...machine.labels, ...pool.labels }),
    ...(machine.rack !== undefined && { rack: machine.rack }),
    ...(machine.position !== undefined && { position: machine.position }),
    bmc: planBmc(machine, absolute),
  };
}

function canonical(address: string): string {
  return formatAddress(parseAddress(address) ?? impossible(`${address} is no address`));
}

function range(cidr: string) {
  return parseCidr(cidr) ?? impossible(`${cidr} is no range of addresses`);
}

/** By key, so that the order in the file means nothing. */
function sorted(labels: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function impossible(found: string): never {
  throw new LandfallError("plan-impossible", `no plan can be made: ${found}`, {
    found,
    expected: "files that have passed modules/spec",
  });
}

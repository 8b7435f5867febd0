// A site with a router (BIRD) and two clusters of one node each: real apiservers, and the release's kube-router with the
// flags that Landfall gives it. What kube-router tells BIRD becomes routes of the router's kernel, by which packets go.
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Api, cniConfig, kubeRouterCommand } from "../../modules/kubernetes/index.ts";
import { adminKubeconfig } from "../../modules/kubernetes/testing.ts";
import { testPlan } from "../../modules/plan/testing.ts";
import { buildTool, runProcess } from "../../modules/release/index.ts";
import type { Side } from "../../modules/traffic/index.ts";
import { cacheDir } from "../support/tools.ts";
import { sides, startControlPlanes } from "./control-planes.ts";
import { openRack, type Rack } from "./rack.ts";

export interface BgpSite {
  readonly rack: Rack;
  readonly api: (side: Side) => Api;
  /** Who the router sends packets for an address to: the addresses of nodes, sorted. */
  readonly nextHops: (address: string) => readonly string[];
  /** The nodes' addresses, by their cluster. */
  readonly nodes: Readonly<Record<Side, string>>;
  /** All that the router has learned. */
  readonly routes: () => readonly string[];
  readonly remove: () => Promise<void>;
}

/** The machines, by their cluster. */
export const machines = { from: "b1", to: "g1" } as const;
const asn = { router: 64512, nodes: 64513 };

/** Of both clusters: a Service that is announced as `announced` says. Resolves once both APIs have it. */
export async function bgpSite(
  service: { readonly externalIPs: readonly [string] },
  announced: Readonly<Record<Side, Readonly<Record<string, string>>>>,
): Promise<BgpSite> {
  const rack = openRack({
    network: "198.18.99",
    machines: { [machines.from]: 11, [machines.to]: 12 },
    computer: { network: "198.18.100" },
  });
  const { folder, router, computer } = rack;
  try {
    writeFileSync(join(folder, "bird.conf"), routerConfig(router));
    for (const setting of ["ip_forward=1", "fib_multipath_hash_policy=1"])
      execFileSync("nsenter", [...rack.inside("router").slice(1), "sysctl", "-qw", `net.ipv4.${setting}`]);
    const socket = join(folder, "bird.ctl");
    rack.start("bird", [
      ...rack.inside("router"),
      ...["bird", "-f", "-c", join(folder, "bird.conf"), "-s", socket],
    ]);
    const planes = await startControlPlanes(rack, service, {
      from: { nodes: [machines.from], annotations: announced.from },
      to: { nodes: [machines.to], annotations: announced.to },
    });
    const kubeRouter = await buildTool("kube-router", { cacheDir, run: runProcess });
    for (const side of sides) {
      const machine = machines[side];
      // kube-proxy would bring the address to pods: here the machine itself answers.
      rack.ip(machine, `addr add ${service.externalIPs[0]}/32 dev lo`);
      const own = join(folder, side);
      mkdirSync(own);
      writeFileSync(join(own, "cni.conflist"), cniConfig);
      writeFileSync(
        join(own, "kubeconfig"),
        adminKubeconfig(folder, `https://${computer}:${planes.port(side)}`),
      );
      const network = {
        ...testPlan({ machines: [] }).network,
        bgp: { asn: asn.nodes, routers: [{ address: router, asn: asn.router }] },
      };
      const flags = kubeRouterCommand({ network })
        .slice(2)
        .filter((flag) => flag !== "--run-firewall=true");
      // What it writes down outside of its network namespace is its own too: names of routing tables, locks.
      const script = `mount -t tmpfs tmpfs /run && mount --bind ${own} /etc/iproute2 && exec "$@"`;
      rack.start(
        `kube-router-${side}`,
        [
          ...[...rack.inside(machine), "unshare", "--mount", "sh", "-ec", script, "sh"],
          ...[kubeRouter, ...flags, "--run-firewall=false"],
          ...[`--kubeconfig=${join(own, "kubeconfig")}`, `--hostname-override=${machine}`],
        ],
        { env: { KUBE_ROUTER_CNI_CONF_FILE: join(own, "cni.conflist") } },
      );
    }
    rack.ip(undefined, `route add ${service.externalIPs[0]}/32 via 198.18.100.1`);
    const nodes = { from: rack.address(machines.from), to: rack.address(machines.to) };
    return {
      rack,
      nodes,
      api: planes.api,
      nextHops: (address) =>
        [...rack.ip("router", `route show ${address}/32`).matchAll(/via (\S+)/g)]
          .map((match) => match[1]!)
          .sort(),
      routes: () =>
        [...rack.ip("router", "route show proto bird").matchAll(/^(?!\t)(\S+)/gm)].map((match) => match[1]!),
      remove: async () => {
        await planes.close();
        await rack.remove();
      },
    };
  } catch (error) {
    await rack.remove();
    throw error;
  }
}

const routerConfig = (address: string) => `router id ${address};
protocol device { scan time 1; }
protocol direct { ipv4; }
protocol kernel {
  merge paths on;
  ipv4 { import none; export where source = RTS_BGP; };
}
protocol bgp nodes {
  local ${address} as ${asn.router};
  neighbor range ${address.replace(/\d+$/, "0")}/24 as ${asn.nodes};
  dynamic name "node";
  ipv4 { import all; export none; };
}
`;

// What `replacement.traffic` says, with all defaults and placeholders filled in. Pure.
import { dirname, resolve } from "node:path";
import type { CommandPlan } from "../plan/index.ts";
import { formatAddress, parseAddress, type TrafficSpec, trafficDefaults } from "../spec/index.ts";
import type { Side } from "./types.ts";

export type TrafficPlan = CommandTrafficPlan | DnsTrafficPlan | BgpTrafficPlan | AddressTrafficPlan;

interface Common {
  /** NAME-VERSION. */
  readonly from: string;
  readonly to: string;
  readonly ready: Sides | undefined;
  readonly timeoutSeconds: number;
  readonly drainSeconds: number;
  readonly drainStart: Sides | undefined;
  readonly drainStop: Sides | undefined;
}

/** The same command for each of the clusters. */
interface Sides {
  readonly from: CommandPlan;
  readonly to: CommandPlan;
}

export interface CommandTrafficPlan extends Common {
  readonly driver: "command";
  readonly show: CommandPlan;
  /** {share} is still in it. */
  readonly shift: CommandPlan;
  readonly shares: "any" | "all-or-nothing";
}

export interface DnsTrafficPlan extends Common {
  readonly driver: "dns";
  readonly server: string;
  readonly port: number;
  readonly zone: string;
  readonly name: string;
  /** Addresses of each cluster, as DNS servers and Node spell them. */
  readonly sides: Readonly<Record<Side, readonly string[]>>;
  readonly key: KeySource;
  readonly probePort: number;
}

export interface BgpTrafficPlan extends Common {
  readonly driver: "bgp";
  /** Of the Service, in both clusters. */
  readonly namespace: string;
  readonly name: string;
  readonly address: string;
  /** Exits 0 once the routers have a route to the cluster. */
  readonly arrived: Sides | undefined;
  readonly settleSeconds: number;
}

export interface AddressTrafficPlan extends Common {
  readonly driver: "address";
  /** Of the Service, in both clusters. */
  readonly namespace: string;
  readonly name: string;
  readonly address: string;
}

/** Exactly one of these. */
export interface KeySource {
  /** Absolute. */
  readonly file?: string | undefined;
  readonly env?: string | undefined;
  readonly command?: CommandPlan | undefined;
}

export interface TrafficPlanInput {
  readonly traffic: TrafficSpec;
  /** `network.addresses` of green's file. */
  readonly addresses?: readonly { readonly address: string; readonly service: string }[] | undefined;
  /** Blue and green, as NAME-VERSION. */
  readonly from: string;
  readonly to: string;
  /** Absolute path of the project's folder, where commands run. */
  readonly folder: string;
  /** Absolute path of green's file: paths in it are relative to it. */
  readonly file: string;
}

export function planTraffic({
  traffic,
  addresses = [],
  from,
  to,
  folder,
  file,
}: TrafficPlanInput): TrafficPlan {
  const command = (argv: readonly string[], values: Readonly<Record<string, string>>): CommandPlan => ({
    argv: argv.map((word) => fill(word, values)),
    folder,
  });
  const sides = (argv: readonly string[] | undefined) =>
    argv && { from: command(argv, { cluster: from }), to: command(argv, { cluster: to }) };
  const common: Common = {
    from,
    to,
    ready: sides(traffic.ready),
    timeoutSeconds: traffic.timeout ?? trafficDefaults.timeout,
    drainSeconds: traffic.drain?.seconds ?? trafficDefaults.drain,
    drainStart: sides(traffic.drain?.start),
    drainStop: sides(traffic.drain?.stop),
  };
  switch (traffic.driver) {
    case "command":
      return {
        ...common,
        driver: traffic.driver,
        show: command(traffic.show, { from, to }),
        shift: command(traffic.shift, { from, to }),
        shares: traffic.shares ?? trafficDefaults.shares,
      };
    case "bgp": {
      const [namespace = "", name = ""] = traffic.service.split("/");
      return {
        ...common,
        driver: traffic.driver,
        namespace,
        name,
        address: canonical(traffic.address),
        arrived: sides(traffic.arrived),
        settleSeconds: traffic.settle ?? trafficDefaults.bgpSettle,
      };
    }
    case "address": {
      const { address } = traffic;
      const [namespace = "", name = ""] =
        addresses.find((each) => each.address === address)?.service.split("/") ?? [];
      return { ...common, driver: traffic.driver, namespace, name, address };
    }
    case "dns": {
      const { key } = traffic;
      return {
        ...common,
        driver: traffic.driver,
        server: traffic.server,
        port: traffic.port ?? trafficDefaults.dnsPort,
        zone: traffic.zone,
        name: traffic.name,
        sides: { from: traffic.from.map(canonical), to: traffic.to.map(canonical) },
        key: {
          file: key.file === undefined ? undefined : resolve(dirname(file), key.file),
          env: key.env,
          command: key.command && command(key.command, {}),
        },
        probePort: traffic.probePort ?? trafficDefaults.dnsProbePort,
      };
    }
  }
}

/** One spelling of an address. */
export function canonical(address: string): string {
  const parsed = parseAddress(address);
  return parsed === undefined ? address : formatAddress(parsed);
}

/** What stands in braces and has no value here stays; modules/spec has refused what never has one. */
export function fill(word: string, values: Readonly<Record<string, string>>): string {
  return word.replaceAll(/\{([a-z]+)\}/g, (shown, name: string) => values[name] ?? shown);
}

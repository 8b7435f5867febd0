// The traffic between two versions of a cluster, as green's file describes it.
import { readFile } from "node:fs/promises";
import { setTimeout } from "node:timers/promises";
import type { Api } from "../kubernetes/index.ts";
import { type Clock, runCommand } from "../power/index.ts";
import { LandfallError } from "../spec/index.ts";
import {
  connect,
  openTraffic,
  planTraffic,
  resolveAt,
  type Side,
  type Traffic,
  type TrafficDeps,
  type TrafficPlan,
} from "../traffic/index.ts";
import { clusterApi } from "./cluster-api.ts";
import { planOf, successorOf } from "./project.ts";
import { findRun } from "./run-record.ts";
import type { Workspace } from "./workspace.ts";

/**
 * How traffic comes from `from` to `to`, each NAME-VERSION.
 * @throws {LandfallError} `not-versions`, `traffic-missing`, or as loadCluster.
 */
export function trafficPlan(workspace: Workspace, from: string, to: string): TrafficPlan {
  const { cluster: green, clusterFile } = successorOf(workspace, from, to);
  const traffic = green.replacement?.traffic;
  if (traffic === undefined)
    throw new LandfallError("traffic-missing", `nothing says how traffic comes from ${from} to ${to}`, {
      found: `no replacement.traffic in ${clusterFile}`,
      expected: "a driver, and what it needs",
      next: `write replacement.traffic into clusters/${to}.yaml (docs/traffic.md); on the way back too, it is ${to}'s that counts`,
    });
  const addresses = green.network?.addresses;
  if (traffic.driver === "address") requireAddress(workspace, from, traffic.address);
  return planTraffic({ traffic, addresses, from, to, folder: workspace.root, file: clusterFile });
}

/** Masters know from their landing on which addresses they may hold. */
function requireAddress(workspace: Workspace, cluster: string, address: string): void {
  const { network } = findRun(workspace, cluster)?.plan ?? planOf(workspace, cluster);
  if (network.addresses?.some((each) => each.address === address)) return;
  throw new LandfallError("traffic-impossible", `${cluster} does not know the address ${address}`, {
    found: `network.addresses of ${cluster}: ${network.addresses?.map((each) => each.address).join(", ") ?? "none"}`,
    expected: `${address}, from its landing on`,
    next: "steer the traffic by another driver (docs/traffic.md) until both versions know it",
  });
}

export interface OpenTraffic extends Traffic {
  readonly close: () => Promise<void>;
}

/** Touches nothing before the first call of a method. */
export function trafficOf(workspace: Workspace, plan: TrafficPlan, signal: AbortSignal): OpenTraffic {
  const apis = new Map<Side, Api>();
  const api = (side: Side): Api => {
    const known = apis.get(side);
    if (known !== undefined) return known;
    const cluster = plan[side];
    const opened = clusterApi(workspace, findRun(workspace, cluster)?.plan ?? planOf(workspace, cluster));
    apis.set(side, opened);
    return opened;
  };
  const traffic = openTraffic({ plan, deps: { ...world, env: workspace.env, api }, signal });
  const close = async () => {
    await Promise.all([...apis.values()].map((each) => each.close()));
  };
  return { ...traffic, close };
}

const clock: Clock = {
  now: () => performance.now(),
  sleep: (milliseconds, signal) => setTimeout(milliseconds, undefined, signal && { signal }),
};

/** As drivers of traffic need it, but for what is a project's own. */
export const world: Omit<TrafficDeps, "env" | "api"> = {
  readFile: (path) => readFile(path, "utf8"),
  runCommand,
  resolve: resolveAt,
  connect,
  clock,
};

// The rack that all benches of a cluster use, and an eye on it that is no part of what is measured.
import { join } from "node:path";
import {
  type ClientCredentials,
  checkAll,
  conditions,
  type HealthContext,
  openHealth,
} from "../../modules/health/index.ts";
import { adminCredentials } from "../../modules/pki/index.ts";
import { type Plan, plan } from "../../modules/plan/index.ts";
import { knownReleases } from "../../modules/release/index.ts";
import { loadCluster } from "../../modules/spec/index.ts";
import { eventually } from "../lab/harness/eventually.ts";
import { openRack, type Rack } from "../lab/harness/rack.ts";

export const cluster = "bench-v1";
export const masters = ["m1", "m2", "m3"];
export const workers = ["w1", "w2"];
export const machines = [...masters, ...workers];

/** Opens the rack, all machines off; it is taken down after `work`, whatever becomes of it. */
export async function withRack<T>(work: (rack: Rack) => Promise<T>): Promise<T> {
  const rack = await openRack({ name: "bench", machines, clusters: { [cluster]: { masters, workers } } });
  try {
    return await work(rack);
  } finally {
    await rack.down();
  }
}

export function planOf(rack: Rack): Plan {
  return plan(loadCluster(rack.project.root, cluster, { knownReleases }));
}

/** The administrator's credentials; they are there as soon as a deploy has rendered the cluster. */
export function administrator(rack: Rack): ClientCredentials {
  return adminCredentials(join(rack.project.root, ".landfall/pki", cluster));
}

/** Seconds since the epoch at which nodes were Ready, and at which a Service answered from each of them. */
export interface Sighting {
  readonly ready: number;
  readonly service: number;
}

/** Watches a cluster come up: asks four times a second, as Landfall's own health conditions do. */
export async function sight(rack: Rack, admin: ClientCredentials): Promise<Sighting> {
  const context = openHealth({
    plan: planOf(rack),
    pki: { authorities: { kubernetes: nobody, etcd: nobody, "front-proxy": nobody }, certificates: {} },
    admin,
    lastHeard: async () => "not asked",
  });
  try {
    const [ready, service] = await Promise.all([holds(context, "nodes-ready"), holds(context, "service")]);
    return { ready, service };
  } finally {
    await context.close();
  }
}

const nobody = { pem: "", fingerprint: "" };

async function holds(context: HealthContext, name: string): Promise<number> {
  const wanted = conditions.filter((condition) => condition.name === name);
  return eventually(`${name} of ${context.plan.cluster}`, 600, async () => {
    const [result] = await checkAll(context, { conditions: wanted });
    return result?.ok ? seconds() : undefined;
  });
}

/** Now, in seconds since the epoch: comparable with what the rack records. */
export function seconds(): number {
  return Date.now() / 1000;
}

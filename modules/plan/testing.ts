// Plans for the tests of modules that read them: small and whole, so that a test says only what it is about.
import type { MachinePlan, Plan } from "./types.ts";

/** A machine of the pool `masters` or `workers`. */
export function testMachine(
  own: Pick<MachinePlan, "name" | "role" | "address"> & Partial<MachinePlan>,
): MachinePlan {
  return {
    pool: `${own.role}s`,
    mac: "52:54:00:00:00:01",
    prefix: 24,
    gateway: undefined,
    dns: [],
    labels: {},
    bmc: { driver: "redfish", url: `http://bmc/${own.name}`, credentials: undefined },
    ...own,
  };
}

/** A plan of the cluster lab-v1. */
export function testPlan(own: Pick<Plan, "machines"> & Partial<Plan>): Plan {
  return {
    cluster: "lab-v1",
    name: "lab",
    version: "v1",
    site: "lab",
    kubernetes: "1.34.1",
    endpoint: { address: "10.0.0.100", port: 6443, names: [] },
    network: {
      pods: "10.42.0.0/16",
      services: "10.43.0.0/16",
      apiService: "10.43.0.1",
      dnsService: "10.43.0.10",
      domain: "cluster.local",
    },
    boot: {
      service: "matchbox",
      http: "http://10.0.0.1:8080",
      assetsUrl: "http://10.0.0.1:8080",
      rpc: "127.0.0.1:8081",
      page: undefined,
      tls: { ca: "/tls/ca.crt", cert: "/tls/client.crt", key: "/tls/client.key" },
      assets: "/assets",
    },
    state: "local",
    power: { atOnce: 20, stagger: 0 },
    proxy: undefined,
    pools: [],
    certificates: [],
    timeouts: { boot: 60, ready: 60 },
    retireDisks: "keep",
    authorizedKeys: [],
    ...own,
  };
}

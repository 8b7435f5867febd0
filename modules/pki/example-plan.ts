// A plan for the tests of this module.
import { certificateRequests, type MachinePlan, type Plan } from "../plan/index.ts";

/** `masters` masters and `workers` workers of the cluster lab-v1. */
export function examplePlan(masters = 3, workers = 2): Plan {
  const machines = [
    ...Array.from({ length: masters }, (_, index) => machine(`m${index + 1}`, "master", index)),
    ...Array.from({ length: workers }, (_, index) => machine(`w${index + 1}`, "worker", masters + index)),
  ];
  const endpoint = { address: "10.77.0.100", port: 6443, names: ["api.lab.example", "fd00:77::64"] };
  const network = {
    pods: "10.42.0.0/16",
    services: "10.43.0.0/16",
    apiService: "10.43.0.1",
    dnsService: "10.43.0.10",
    domain: "cluster.local",
  };
  return {
    cluster: "lab-v1",
    name: "lab",
    version: "v1",
    site: "lab",
    kubernetes: "1.34.1",
    endpoint,
    network,
    boot: {
      service: "matchbox",
      http: "http://10.77.0.1:8080",
      assetsUrl: "http://10.77.0.1:8080",
      rpc: "127.0.0.1:8081",
      page: undefined,
      tls: { ca: "/tls/ca.crt", cert: "/tls/client.crt", key: "/tls/client.key" },
      assets: "/assets",
    },
    state: "local",
    power: { atOnce: 20, stagger: 0 },
    proxy: "http://127.0.0.1:3128",
    pools: [],
    machines,
    certificates: certificateRequests({ endpoint, network, machines }),
    timeouts: { boot: 1800, ready: 3600 },
    retireDisks: "keep",
    authorizedKeys: [],
  };
}

function machine(name: string, role: "master" | "worker", index: number): MachinePlan {
  const [high, low] = [Math.floor((index + 11) / 250), (index + 11) % 250];
  return {
    name,
    pool: role === "master" ? "masters" : "workers",
    role,
    mac: `52:54:00:77:${hex(high)}:${hex(low)}`,
    address: `10.77.${high}.${low}`,
    prefix: 16,
    gateway: undefined,
    dns: [],
    labels: {},
    bmc: {
      driver: "redfish",
      url: `http://127.0.0.1:8000/redfish/v1/Systems/${name}`,
      credentials: undefined,
    },
  };
}

function hex(byte: number): string {
  return byte.toString(16).padStart(2, "0");
}

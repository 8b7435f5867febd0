// A site and a cluster for this module's tests.
import type { Cluster, Site } from "../spec/index.ts";

/** Machines m1.. (masters) and w1.. (workers) on 10.20.0.0/16, as many as asked for. */
export function exampleSite(masters = 3, workers = 4): Site {
  const machine = (name: string, index: number): Site["machines"][number] => ({
    name,
    mac: `52-54-00-AB-${hex(index >> 8)}-${hex(index & 255)}`,
    address: `10.20.${index >> 8}.${index & 255}`,
    disk: "/dev/sda",
    labels: { rack: "r1" },
    bmc: { driver: "redfish", url: `http://bmc/${name}/`, credentials: { file: "bmc/password" } },
  });
  return {
    name: "hall",
    networks: [{ name: "rack", cidr: "10.20.0.0/16", gateway: "10.20.0.1", dns: ["10.20.0.2"] }],
    boot: {
      service: "matchbox",
      http: "http://10.20.0.3:8080/",
      rpc: "10.20.0.3:8081",
      tls: { ca: "tls/ca.crt", cert: "/etc/tls/client.crt", key: "../client.key" },
      assets: "assets",
    },
    machines: [
      ...names("m", masters).map((name, i) => machine(name, 256 + i)),
      ...names("w", workers).map((name, i) => machine(name, 1024 + i)),
    ],
  };
}

export function exampleCluster(masters = names("m", 3), pools: Record<string, string[]> = {}): Cluster {
  return {
    name: "prod",
    version: "v2",
    kubernetes: "1.34.1",
    endpoint: { address: "10.20.255.1", names: ["api.example.com", "fd00::77"] },
    masters: { machines: masters },
    pools: Object.entries(pools).map(([name, machines]) => ({ name, machines })),
  };
}

/** `m1`, `m2`, ... */
export function names(letter: string, count: number): string[] {
  return Array.from({ length: count }, (_, i) => `${letter}${i + 1}`);
}

function hex(byte: number): string {
  return byte.toString(16).padStart(2, "0").toUpperCase();
}

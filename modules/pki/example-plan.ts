// A plan for the tests of this module, with certificates as modules/plan asks for them.
import type { CertificateRequest, MachinePlan, Plan } from "../plan/types.ts";

/** `masters` masters and `workers` workers of the cluster lab-v1. */
export function examplePlan(masters = 3, workers = 2): Plan {
  const machines = [
    ...Array.from({ length: masters }, (_, index) => machine(`m${index + 1}`, "master", index)),
    ...Array.from({ length: workers }, (_, index) => machine(`w${index + 1}`, "worker", masters + index)),
  ];
  return {
    cluster: "lab-v1",
    name: "lab",
    version: "v1",
    site: "lab",
    kubernetes: "1.34.1",
    endpoint: { address: "10.77.0.100", port: 6443, names: ["api.lab.example"] },
    network: {
      pods: "10.42.0.0/16",
      services: "10.43.0.0/16",
      apiService: "10.43.0.1",
      dnsService: "10.43.0.10",
      domain: "cluster.local",
    },
    boot: {
      service: "matchbox",
      http: "http://10.77.0.1:8080",
      rpc: "127.0.0.1:8081",
      tls: { ca: "/tls/ca.crt", cert: "/tls/client.crt", key: "/tls/client.key" },
      assets: "/assets",
    },
    proxy: "http://127.0.0.1:3128",
    pools: [],
    machines,
    certificates: [admin, ...machines.flatMap(certificates)],
    timeouts: { boot: 1800, ready: 3600 },
    authorizedKeys: [],
  };
}

const admin: CertificateRequest = {
  id: "admin",
  machine: undefined,
  authority: "kubernetes",
  commonName: "landfall-admin",
  organizations: ["system:masters"],
  dnsNames: [],
  addresses: [],
  usages: ["client"],
  target: undefined,
};

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

function certificates({ name, role, address }: MachinePlan): CertificateRequest[] {
  const pki = "/etc/kubernetes/pki";
  const of = (use: string, request: Partial<CertificateRequest>): CertificateRequest => ({
    id: `machines/${name}/${use}`,
    machine: name,
    authority: "kubernetes",
    commonName: use,
    organizations: [],
    dnsNames: [],
    addresses: [],
    usages: ["client"],
    target: `${pki}/${use}`,
    ...request,
  });
  const here = { dnsNames: [name, "localhost"], addresses: [address, "127.0.0.1", "::1"] };
  const node = { commonName: `system:node:${name}`, organizations: ["system:nodes"] };
  const kubelet = [
    of("kubelet", node),
    of("kubelet-server", { ...node, dnsNames: [name], addresses: [address], usages: ["server"] }),
  ];
  if (role === "worker") return kubelet;
  return [
    ...kubelet,
    of("apiserver", {
      ...here,
      dnsNames: [name, "localhost", "kubernetes.default.svc.cluster.local", "api.lab.example"],
      addresses: [address, "127.0.0.1", "::1", "fd00:77::64", "10.43.0.1", "10.77.0.100"],
      usages: ["server"],
    }),
    of("apiserver-kubelet-client", { organizations: ["system:masters"] }),
    of("apiserver-etcd-client", { authority: "etcd" }),
    of("front-proxy-client", { authority: "front-proxy" }),
    of("etcd-server", {
      ...here,
      authority: "etcd",
      usages: ["server", "client"],
      target: `${pki}/etcd/server`,
    }),
    of("etcd-peer", { ...here, authority: "etcd", usages: ["server", "client"], target: `${pki}/etcd/peer` }),
  ];
}

function hex(byte: number): string {
  return byte.toString(16).padStart(2, "0");
}

// Every certificate of a cluster: one leaf a use and machine. This table is the documentation.
import { isIP } from "node:net";
import type { Authority, CertificateRequest, ClusterNetwork, Endpoint, MachinePlan } from "./types.ts";

/** What certificates depend on. */
export interface Names {
  readonly endpoint: Endpoint;
  readonly network: ClusterNetwork;
  readonly machines: readonly MachinePlan[];
}

interface Use {
  readonly authority: Authority;
  readonly commonName: string;
  readonly organizations?: readonly string[];
  readonly usages: CertificateRequest["usages"];
  /** DNS names and addresses alike; which is which shows. */
  readonly names?: readonly string[];
}

/** Where certificates lie on a machine. */
const folder = "/etc/kubernetes/pki";
const loopback = ["localhost", "127.0.0.1", "::1"];

/** The deployer's own, for the API and for etcd's health, then those of each machine in the plan's order. */
export function certificateRequests(names: Names): CertificateRequest[] {
  const admin = request("admin", undefined, undefined, {
    authority: "kubernetes",
    commonName: "landfall-admin",
    organizations: ["system:masters"],
    usages: ["client"],
  });
  const etcdClient = request("etcd-client", undefined, undefined, {
    authority: "etcd",
    commonName: "landfall-etcd-client",
    usages: ["client"],
  });
  return [admin, etcdClient, ...names.machines.flatMap((machine) => machineRequests(machine, names))];
}

function machineRequests(machine: MachinePlan, names: Names): CertificateRequest[] {
  const uses = { ...everyMachine(machine), ...(machine.role === "master" && masterOnly(machine, names)) };
  return Object.entries(uses).map(([use, what]) =>
    request(`machines/${machine.name}/${use.replace("/", "-")}`, machine.name, `${folder}/${use}`, what),
  );
}

function everyMachine({ name, address }: MachinePlan): Record<string, Use> {
  const node = {
    authority: "kubernetes",
    commonName: `system:node:${name}`,
    organizations: ["system:nodes"],
  } as const;
  return {
    kubelet: { ...node, usages: ["client"] },
    "kubelet-server": { ...node, usages: ["server"], names: [name, address] },
    "kube-proxy": { authority: "kubernetes", commonName: "system:kube-proxy", usages: ["client"] },
    "kube-router": { authority: "kubernetes", commonName: "landfall:kube-router", usages: ["client"] },
  };
}

function masterOnly({ name, address }: MachinePlan, { endpoint, network }: Names): Record<string, Use> {
  const kubernetes = { authority: "kubernetes", usages: ["client"] } as const;
  const kubernetesServer = { authority: "kubernetes", usages: ["server"] } as const;
  const etcd = { authority: "etcd", commonName: name, usages: ["server", "client"] } as const;
  const here = [...loopback, name, address];
  const api = ["kubernetes", "kubernetes.default", "kubernetes.default.svc"];
  return {
    apiserver: {
      ...kubernetesServer,
      commonName: "kube-apiserver",
      names: [
        ...api,
        `kubernetes.default.svc.${network.domain}`,
        ...here,
        endpoint.address,
        network.apiService,
        ...endpoint.names,
      ],
    },
    "apiserver-kubelet-client": { ...kubernetes, commonName: "kube-apiserver-kubelet-client" },
    "apiserver-etcd-client": {
      authority: "etcd",
      commonName: "kube-apiserver-etcd-client",
      usages: ["client"],
    },
    "front-proxy-client": { authority: "front-proxy", commonName: "front-proxy-client", usages: ["client"] },
    "controller-manager": { ...kubernetes, commonName: "system:kube-controller-manager" },
    "controller-manager-server": {
      ...kubernetesServer,
      commonName: "kube-controller-manager",
      names: here,
    },
    scheduler: { ...kubernetes, commonName: "system:kube-scheduler" },
    "scheduler-server": { ...kubernetesServer, commonName: "kube-scheduler", names: here },
    "etcd/server": { ...etcd, names: here },
    "etcd/peer": { ...etcd, names: [name, address, "127.0.0.1"] },
  };
}

function request(
  id: string,
  machine: string | undefined,
  target: string | undefined,
  { authority, commonName, organizations = [], usages, names = [] }: Use,
): CertificateRequest {
  const unique = [...new Set(names)];
  return {
    id,
    machine,
    authority,
    commonName,
    organizations,
    dnsNames: unique.filter((name) => isIP(name) === 0),
    addresses: unique.filter((name) => isIP(name) !== 0),
    usages,
    target,
  };
}

// The APIs of two clusters on this computer, as a rack's machines reach them: real apiservers over one etcd.
import { type Api, applyManifests } from "../../modules/kubernetes/index.ts";
import {
  adminApi,
  apiServerFlags,
  etcdFlags,
  freePorts,
  makeCertificates,
} from "../../modules/kubernetes/testing.ts";
import { buildTool, runProcess } from "../../modules/release/index.ts";
import type { Side } from "../../modules/traffic/index.ts";
import { cacheDir } from "../support/tools.ts";
import type { Rack } from "./rack.ts";

export const sides = ["from", "to"] as const;

export interface ControlPlanes {
  readonly api: (side: Side) => Api;
  readonly port: (side: Side) => number;
  readonly close: () => Promise<void>;
}

export interface Contents {
  /** Names of its nodes. */
  readonly nodes: readonly string[];
  /** Of the Service ingress/nginx. */
  readonly annotations: Readonly<Record<string, string>>;
}

/**
 * Certificates are in the rack's folder. Both have the Service ingress/nginx, with an endpoint on the first node.
 * @param clients as makeCertificates
 */
export async function startControlPlanes(
  rack: Rack,
  service: object,
  contents: Readonly<Record<Side, Contents>>,
  clients: Readonly<Record<string, string>> = {},
): Promise<ControlPlanes> {
  const { folder: directory, computer: address } = rack;
  makeCertificates({ directory, address, clients });
  const build = (name: "etcd" | "kube-apiserver") => buildTool(name, { cacheDir, run: runProcess });
  const [etcd, apiServer] = [await build("etcd"), await build("kube-apiserver")];
  const [etcdPort, peerPort, from, to] = (await freePorts(4)) as [number, number, number, number];
  const ports = { from, to };
  rack.start("etcd", [etcd, ...etcdFlags(directory, [etcdPort, peerPort])]);
  const apis = new Map<Side, Api>();
  for (const side of sides) {
    const flags = apiServerFlags({ directory, address, port: ports[side], etcdPort });
    rack.start(`api-${side}`, [apiServer, ...flags, `--etcd-prefix=/${side}`]);
    apis.set(side, adminApi(directory, [`https://${address}:${ports[side]}`]));
  }
  const close = async () => {
    await Promise.all([...apis.values()].map((api) => api.close()));
  };
  try {
    for (const side of sides) {
      const api = apis.get(side)!;
      await rack.until(
        `the API of ${side}`,
        async () => (await api.request({ path: "/readyz" })).status === 200,
      );
      await fill(api, rack, service, contents[side]);
    }
  } catch (error) {
    await close();
    throw error;
  }
  return { api: (side) => apis.get(side)!, port: (side) => ports[side], close };
}

async function fill(api: Api, rack: Rack, service: object, { nodes, annotations }: Contents): Promise<void> {
  const podCIDR = "10.42.0.0/24";
  const endpoint = { ip: "10.42.0.10", nodeName: nodes[0] };
  const ports = [{ port: 80 }];
  const metadata = { name: "nginx", namespace: "ingress" };
  const manifests = [
    ...nodes.map((name) => ({
      apiVersion: "v1",
      kind: "Node",
      metadata: { name },
      spec: { podCIDR, podCIDRs: [podCIDR] },
    })),
    { apiVersion: "v1", kind: "Namespace", metadata: { name: "ingress" } },
    { apiVersion: "v1", kind: "Endpoints", metadata, subsets: [{ addresses: [endpoint], ports }] },
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: { ...metadata, annotations },
      spec: { ...service, ports },
    },
    {
      apiVersion: "discovery.k8s.io/v1",
      kind: "EndpointSlice",
      metadata: { ...metadata, name: "nginx-1", labels: { "kubernetes.io/service-name": "nginx" } },
      addressType: "IPv4",
      endpoints: [{ addresses: [endpoint.ip], conditions: { ready: true } }],
      ports,
    },
  ];
  await applyManifests({ client: api, manifests, timeoutSeconds: 60 });
  for (const name of nodes) {
    await setStatus(api, name, { addresses: [{ type: "InternalIP", address: rack.address(name) }] });
    await setReady(api, name, true);
  }
}

/** As the node's kubelet says, or a controller of one that says nothing. */
export function setReady(api: Api, node: string, ready: boolean): Promise<void> {
  return setStatus(api, node, { conditions: [{ type: "Ready", status: ready ? "True" : "Unknown" }] });
}

async function setStatus(api: Api, node: string, status: object): Promise<void> {
  const reply = await api.request({
    method: "PATCH",
    path: `/api/v1/nodes/${node}/status`,
    body: JSON.stringify({ status }),
    contentType: "application/merge-patch+json",
  });
  if (reply.status !== 200) throw new Error(`status of ${node}: ${reply.status} ${reply.body}`);
}

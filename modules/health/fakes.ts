// A cluster of three masters and two workers that is in perfect health, as its API would tell it; tests then break it.
import { chooseServer, type Send } from "../kubernetes/index.ts";
import { testMachine, testPlan } from "../plan/testing.ts";
import type { HealthContext } from "./condition.ts";

export const serverTime = new Date("2026-03-01T12:00:00Z");

/** Seconds before the server's time, as Kubernetes writes it. */
export function ago(seconds: number): string {
  return new Date(serverTime.getTime() - seconds * 1000).toISOString();
}

const machines = ["m1", "m2", "m3", "w1", "w2"].map((name, index) =>
  testMachine({ name, role: name.startsWith("m") ? "master" : "worker", address: `10.0.0.1${index}` }),
);
const plan = testPlan({ machines });

/** By `SERVER PATH` or `PATH`: JSON, a text with its status, or a connection that fails. */
export type Answers = Record<string, object | { status: number; text: string } | Error>;

const lease = (name: string, seconds: number, duration: number, holder: string) => ({
  metadata: { name },
  spec: { renewTime: ago(seconds), leaseDurationSeconds: duration, holderIdentity: holder },
});
export const names = machines.map(({ name }) => name);
const ok = { status: 200, text: "ok" };

export const paths = {
  nodes: "/api/v1/nodes",
  nodeLeases: "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases",
  controllerManager: "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/kube-controller-manager",
  scheduler: "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/kube-scheduler",
  agents:
    "/api/v1/namespaces/kube-system/pods?labelSelector=app.kubernetes.io%2Fname%20in%20(kube-router%2Ckube-proxy)",
  coreDns: "/apis/apps/v1/namespaces/kube-system/deployments/coredns",
  webService: "/api/v1/namespaces/landfall-system/services/web",
  webPods: "/api/v1/namespaces/landfall-system/pods?labelSelector=app.kubernetes.io%2Fname%3Dweb",
  probe: (machine: string) => `/api/v1/namespaces/landfall-system/pods/web-${machine}:8080/proxy/probe`,
} as const;

export const server = {
  endpoint: "https://10.0.0.100:6443",
  api: (index: number) => `https://10.0.0.1${index - 1}:6443`,
  etcd: (index: number) => `https://10.0.0.1${index - 1}:2382`,
} as const;

export function node(name: string, condition: object = { type: "Ready", status: "True" }): object {
  return {
    metadata: { name },
    status: { conditions: [{ type: "DiskPressure", status: "False" }, condition] },
  };
}

export function webPod(machine: string, ready = true): object {
  return pod("web", machine, ready);
}

export function agentPod(agent: string, machine: string, ready = true): object {
  return pod(agent, machine, ready);
}

function pod(name: string, machine: string, ready: boolean): object {
  return {
    metadata: { name: `${name}-${machine}`, labels: { "app.kubernetes.io/name": name } },
    spec: { nodeName: machine },
    status: {
      phase: ready ? "Running" : "Pending",
      conditions: [{ type: "Ready", status: ready ? "True" : "False" }],
    },
  };
}

export function probeReport(machine: string): { node: string; dns: object; service: object } {
  return {
    node: machine,
    dns: { name: "web.landfall-system.svc.cluster.local", addresses: ["10.43.7.7"], milliseconds: 1 },
    service: { address: "10.43.7.7", node: "w1", pod: "web-w1", milliseconds: 1 },
  };
}

export function list(items: readonly object[]): object {
  return { items };
}

export const nodeLease = (name: string, seconds: number) => lease(name, seconds, 40, name);
export const leaderLease = (seconds: number, holder = "m1_7a1e") => lease("any", seconds, 10, holder);

const healthy: Answers = {
  "/readyz": ok,
  "/readyz?verbose": ok,
  "/readyz/etcd": ok,
  "/health": { health: "true" },
  "/v3/cluster/member/list": { members: ["m1", "m2", "m3"].map((name) => ({ name })) },
  [paths.controllerManager]: leaderLease(1),
  [paths.scheduler]: leaderLease(2, "m2_90ab"),
  [paths.nodes]: list(names.map((name) => node(name))),
  [paths.nodeLeases]: list(names.map((name) => nodeLease(name, 5))),
  [paths.agents]: list(
    ["kube-router", "kube-proxy"].flatMap((agent) => names.map((name) => agentPod(agent, name))),
  ),
  [paths.coreDns]: { spec: { replicas: 2 }, status: { readyReplicas: 2 } },
  [paths.webService]: { spec: { clusterIP: "10.43.7.7" } },
  [paths.webPods]: list(names.map((name) => webPod(name))),
  ...Object.fromEntries(names.map((name) => [paths.probe(name), probeReport(name)])),
};

export interface FakeCluster extends HealthContext {
  /** What it answers from now on; what is not listed stays healthy. */
  broken: Answers;
  readonly asked: string[];
}

/** A healthy cluster but for `broken`; `etcd` adds a client of etcd's own. */
export function fakeCluster(broken: Answers = {}, options: { readonly etcd?: boolean } = {}): FakeCluster {
  const asked: string[] = [];
  const send: Send = async (server, { path }) => {
    asked.push(`${server} ${path}`);
    const answers = { ...healthy, ...cluster.broken };
    const answer = cluster.broken[`${server} ${path}`] ?? cluster.broken[server] ?? answers[path];
    if (answer instanceof Error) throw answer;
    if (!answer) return { status: 404, body: '{"message":"not found"}', date: serverTime, server };
    if ("text" in answer && "status" in answer) {
      return { status: Number(answer.status), body: String(answer.text), date: serverTime, server };
    }
    return { status: 200, body: JSON.stringify(answer), date: serverTime, server };
  };
  const cluster: FakeCluster = {
    plan,
    pki: { authorities: {} as HealthContext["pki"]["authorities"], certificates: {} },
    api: chooseServer([1, 2, 3].map(server.api), send),
    ...(options.etcd && { etcd: chooseServer([1, 2, 3].map(server.etcd), send) }),
    now: () => serverTime,
    lastHeard: async (machine) => `${machine} printed stage install`,
    broken,
    asked,
  };
  return cluster;
}

import { describe, expect, it } from "vitest";
import { issueAuthority } from "../../pki/index.ts";
import { checkAll } from "../check.ts";
import type { HealthContext } from "../condition.ts";
import {
  type Answers,
  agentPod,
  ago,
  fakeCluster,
  leaderLease,
  list,
  names,
  node,
  nodeLease,
  paths,
  probeReport,
  server,
  webPod,
} from "../fakes.ts";
import { conditions } from "./index.ts";

const machines = ["m1", "m2", "m3", "w1", "w2"];
const others = (without: string, make: (name: string) => object) =>
  machines.filter((name) => name !== without).map(make);
const refused = new Error("connect ECONNREFUSED");

async function find(name: string, context: HealthContext) {
  const condition = conditions.filter((one) => one.name === name);
  const [result] = await checkAll(context, { conditions: condition });
  return { ok: result?.ok, evidence: result?.evidence };
}

describe("conditions", () => {
  it("are asked in the order in which one rests on another", () => {
    expect(conditions.map(({ name }) => name)).toEqual([
      ...[
        "api",
        "apiservers",
        "etcd",
        "control-plane",
        "nodes-ready",
        "network",
        "dns",
        "service",
        "certificates",
      ],
    ]);
  });

  it.each([
    ["api", "https://10.0.0.100:6443 is ready"],
    ["apiservers", "3 of 3 ready"],
    ["etcd", "3 of 3 members healthy: m1, m2, m3"],
    ["control-plane", "kube-controller-manager on m1, kube-scheduler on m2"],
    ["nodes-ready", "5 of 5 Ready"],
    ["network", "kube-router ready on 5 of 5, kube-proxy ready on 5 of 5"],
    ["dns", "CoreDNS 2 of 2; right answers on 5 of 5 nodes"],
    ["service", "answers from 5 of 5 nodes, by pods on w1"],
  ])("%s holds on a healthy cluster, with evidence", async (name, evidence) => {
    expect(await find(name, fakeCluster({}, { etcd: true }))).toEqual({ ok: true, evidence });
  });

  const verbose = {
    status: 500,
    text: "[+]ping ok\n[-]etcd failed: reason withheld\n[-]poststarthook/rbac failed",
  };
  const failures: [condition: string, what: string, broken: Answers, evidence: string][] = [
    ["api", "refused", { [server.endpoint]: refused }, "https://10.0.0.100:6443: connect ECONNREFUSED"],
    [
      "api",
      "not ready",
      { [server.endpoint]: verbose },
      "https://10.0.0.100:6443: not ready: etcd, poststarthook/rbac",
    ],
    [
      "api",
      "somebody else's",
      { [server.endpoint]: { status: 403, text: "no" } },
      "https://10.0.0.100:6443: answers 403",
    ],
    [
      "apiservers",
      "one is away",
      { [server.api(3)]: refused },
      "m3: connect ECONNREFUSED; last heard of m3: m3 printed stage install",
    ],
    [
      "apiservers",
      "one is not ready",
      { [server.api(2)]: verbose },
      "m2: not ready: etcd, poststarthook/rbac",
    ],
    [
      "etcd",
      "a member without quorum",
      { [`${server.api(2)} /readyz/etcd`]: { status: 500, text: "internal server error" } },
      "m2: its apiserver reports no healthy etcd: answers 500",
    ],
    [
      "etcd",
      "an alarm",
      { [`${server.etcd(1)} /health`]: { status: 503, text: '{"health":"false","reason":"ALARM NOSPACE"}' } },
      'm1: {"health":"false","reason":"ALARM NOSPACE"}',
    ],
    [
      "etcd",
      "a member too few",
      { [`${server.etcd(3)} /v3/cluster/member/list`]: { members: [{ name: "m1" }, { name: "m3" }] } },
      "m3: counts as members: m1, m3",
    ],
    [
      "etcd",
      "a learner does not count",
      {
        "/v3/cluster/member/list": {
          members: [{ name: "m1" }, { name: "m2" }, { name: "m3", isLearner: true }],
        },
      },
      "m1, m2, m3: counts as members: m1, m2",
    ],
    [
      "etcd",
      "a member that is away while its apiserver still says otherwise",
      { [server.etcd(2)]: refused },
      "m2: connect ECONNREFUSED; last heard of m2: m2 printed stage install",
    ],
    [
      "control-plane",
      "nobody leads yet",
      { [paths.scheduler]: { status: 404, text: '{"message":"leases \\"kube-scheduler\\" not found"}' } },
      `GET ${paths.scheduler}: 404 leases "kube-scheduler" not found`,
    ],
    [
      "control-plane",
      "the leader is gone",
      { [paths.controllerManager]: leaderLease(16) },
      "kube-controller-manager: m1 renewed 16 s ago",
    ],
    [
      "control-plane",
      "a clock that runs ahead",
      { [paths.controllerManager]: leaderLease(-100) },
      "kube-controller-manager: the clock of m1 is 100 s ahead of the API's",
    ],
    [
      "control-plane",
      "never renewed",
      { [paths.scheduler]: { spec: { holderIdentity: "" } } },
      "kube-scheduler: its lease was never renewed",
    ],
    [
      "nodes-ready",
      "one never registered",
      { [paths.nodes]: list(others("w2", (name) => node(name))) },
      "w2: not registered; last heard of w2: w2 printed stage install",
    ],
    [
      "nodes-ready",
      "one is not Ready",
      {
        [paths.nodes]: list([
          ...others("w1", (name) => node(name)),
          node("w1", {
            type: "Ready",
            status: "False",
            reason: "KubeletNotReady",
            message: "cni plugin not initialized",
          }),
        ]),
      },
      "w1: not Ready (KubeletNotReady: cni plugin not initialized)",
    ],
    [
      "nodes-ready",
      "the cluster lost sight of one",
      {
        [paths.nodes]: list([
          ...others("w1", (name) => node(name)),
          node("w1", { type: "Ready", status: "Unknown", reason: "NodeStatusUnknown" }),
        ]),
      },
      "w1: not Ready (NodeStatusUnknown); last heard of w1: w1 printed stage install",
    ],
    [
      "nodes-ready",
      "Ready is only what was written before the power went",
      { [paths.nodeLeases]: list([...others("m2", (name) => nodeLease(name, 5)), nodeLease("m2", 41)]) },
      "m2: Ready, but last heard of 41 s ago; last heard of m2: m2 printed stage install",
    ],
    [
      "nodes-ready",
      "no lease",
      { [paths.nodeLeases]: list(others("m2", (name) => nodeLease(name, 5))) },
      "m2: Ready, but it never renewed its lease; last heard of m2: m2 printed stage install",
    ],
    [
      "network",
      "not ready on a node",
      {
        [paths.agents]: list([
          ...names.map((name) => agentPod("kube-proxy", name)),
          ...names.map((name) => agentPod("kube-router", name, name !== "m2")),
        ]),
      },
      "kube-router ready on 4 of 5, not on m2",
    ],
    [
      "network",
      "not yet on all nodes",
      {
        [paths.agents]: list([
          ...["m1", "m2"].map((name) => agentPod("kube-proxy", name)),
          ...names.map((name) => agentPod("kube-router", name)),
        ]),
      },
      "kube-proxy ready on 2 of 5, not on m3, w1, w2",
    ],
    [
      "network",
      "no pods",
      { [paths.agents]: list([]) },
      "kube-router ready on 0 of 5, not on m1, m2, m3, w1, w2; kube-proxy ready on 0 of 5, not on m1, m2, m3, w1, w2",
    ],
    [
      "dns",
      "CoreDNS is not ready",
      { [paths.coreDns]: { spec: { replicas: 2 }, status: {} } },
      "CoreDNS: 0 of 2 ready",
    ],
    [
      "dns",
      "a lookup fails on one node",
      {
        [paths.probe("w2")]: {
          ...probeReport("w2"),
          dns: { name: "web.landfall-system.svc.cluster.local", error: "i/o timeout" },
        },
      },
      "w2: looked up web.landfall-system.svc.cluster.local, expected 10.43.7.7, got i/o timeout",
    ],
    [
      "dns",
      "a wrong answer",
      { [paths.webService]: { spec: { clusterIP: "10.43.9.9" } }, [paths.webPods]: list([webPod("m1")]) },
      [
        "m1: looked up web.landfall-system.svc.cluster.local, expected 10.43.9.9, got 10.43.7.7",
        "m2, m3, w1, w2: no pod of web there",
      ].join("; "),
    ],
    [
      "service",
      "no pod on one node",
      { [paths.webPods]: list(others("m3", (name) => webPod(name))) },
      "m3: no pod of web there",
    ],
    [
      "service",
      "a pod that does not start",
      {
        [paths.webPods]: list([
          ...others("m3", (name) => webPod(name)),
          {
            metadata: { name: "web-m3" },
            spec: { nodeName: "m3" },
            status: { containerStatuses: [{ state: { waiting: { reason: "ErrImageNeverPull" } } }] },
          },
        ]),
      },
      "m3: its pod is not ready: ErrImageNeverPull",
    ],
    [
      "service",
      "a pod that is being deleted is no witness",
      {
        [paths.webPods]: list([
          ...others("m3", (name) => webPod(name)),
          { ...webPod("m3"), metadata: { name: "web-m3", deletionTimestamp: ago(1) } },
        ]),
      },
      "m3: no pod of web there",
    ],
    [
      "service",
      "the pod cannot be reached",
      { [paths.probe("w1")]: { status: 503, text: "dial tcp 10.42.3.2:8080: no route to host" } },
      "w1: its pod does not answer: 503 from the apiserver that asked it",
    ],
    [
      "service",
      "the Service does not answer there",
      {
        [paths.probe("w1")]: {
          ...probeReport("w1"),
          service: { address: "10.43.7.7", error: "connect: connection refused" },
        },
      },
      "w1: 10.43.7.7: connect: connection refused",
    ],
    [
      "service",
      "the pod is not where it should be",
      { [paths.probe("w1")]: probeReport("w2") },
      "w1: the pod there says that it is on w2",
    ],
  ];
  it.each(failures)("%s does not hold: %s", async (name, _, broken, evidence) => {
    expect(await find(name, fakeCluster(broken, { etcd: true }))).toEqual({ ok: false, evidence });
  });

  it("reports nodes that are not of the plan, and holds", async () => {
    const broken = { [paths.nodes]: list([...machines, "stranger"].map((name) => node(name))) };
    expect(await find("nodes-ready", fakeCluster(broken))).toEqual({
      ok: true,
      evidence: "5 of 5 Ready; not of this plan: stranger",
    });
  });

  it("judges etcd through the apiservers when there is no client for it", async () => {
    const cluster = fakeCluster({ [server.etcd(1)]: refused });
    expect(await find("etcd", cluster)).toMatchObject({ ok: true });
  });

  it.each([
    ["Empty", { status: 200, text: "{}" }],
    ["Broken", { status: 200, text: "<html>" }],
    ["Silent", refused],
  ])("no condition on the cluster holds where the API is %s, and each says why", async (_, answer) => {
    const everything = Object.fromEntries(
      [server.endpoint, server.api(1), server.api(2), server.api(3)].map((one) => [one, answer]),
    );
    const results = await checkAll(fakeCluster(everything));
    const answering = answer instanceof Error ? [] : ["api", "apiservers", "etcd"];
    for (const { name, ok, evidence } of results.slice(0, -1)) {
      expect({ name, ok }).toEqual({ name, ok: answering.includes(name) });
      expect(evidence).not.toBe("");
    }
  });
});

describe("certificates", () => {
  const day = 86_400_000;
  const now = new Date("2026-03-01T12:00:00Z");
  const { certificate: pem } = issueAuthority({ authority: "kubernetes", cluster: "lab-v1", now });
  const authority = { pem, fingerprint: "" };
  const authorities = { kubernetes: authority, etcd: authority, "front-proxy": authority };
  const withLeaf = (days: number): HealthContext => ({
    ...fakeCluster(),
    now: () => now,
    pki: {
      authorities,
      certificates: {
        admin: { fingerprint: "", notAfter: new Date(now.getTime() + 300 * day).toISOString() },
        "machines/m1/etcd-peer": {
          fingerprint: "",
          notAfter: new Date(now.getTime() + days * day).toISOString(),
        },
      },
    },
  });

  it.each([
    [31, true, "5 certificates; the first to end, machines/m1/etcd-peer, in 31 days"],
    [29, false, "machines/m1/etcd-peer: ends in 29 days"],
    [-3, false, "machines/m1/etcd-peer: ended 3 days ago"],
  ])("%i days before an end", async (days, ok, evidence) => {
    expect(await find("certificates", withLeaf(days))).toEqual({ ok, evidence });
  });

  it("does not hold for an end that cannot be read", async () => {
    const context = withLeaf(300);
    const pki = { authorities, certificates: { admin: { fingerprint: "", notAfter: "soon" } } };
    expect(await find("certificates", { ...context, pki })).toEqual({
      ok: false,
      evidence: "admin: its end cannot be read",
    });
  });
});

import { expect, test } from "vitest";
import { exampleCluster, exampleSite } from "./example.ts";
import { plan } from "./plan.ts";

const { certificates } = plan({
  site: exampleSite(1, 1),
  siteFile: "/site.yaml",
  cluster: exampleCluster(["m1"], { workers: ["w1"] }),
});
const master = ["localhost", "m1"];
const masterAt = ["127.0.0.1", "::1", "10.20.1.0"];

/** id after machines/m1/, authority, common name, usages, DNS names, addresses, target after /etc/kubernetes/pki/ */
const masterTable: [string, string, string, string[], string[], string[], string][] = [
  ["kubelet", "kubernetes", "system:node:m1", ["client"], [], [], "kubelet"],
  ["kubelet-server", "kubernetes", "system:node:m1", ["server"], ["m1"], ["10.20.1.0"], "kubelet-server"],
  ["kube-proxy", "kubernetes", "system:kube-proxy", ["client"], [], [], "kube-proxy"],
  ["kube-router", "kubernetes", "landfall:kube-router", ["client"], [], [], "kube-router"],
  [
    "apiserver",
    "kubernetes",
    "kube-apiserver",
    ["server"],
    [
      "kubernetes",
      "kubernetes.default",
      "kubernetes.default.svc",
      "kubernetes.default.svc.cluster.local",
      "localhost",
      "m1",
      "api.example.com",
    ],
    ["127.0.0.1", "::1", "10.20.1.0", "10.20.255.1", "10.43.0.1", "fd00::77"],
    "apiserver",
  ],
  [
    "apiserver-kubelet-client",
    "kubernetes",
    "kube-apiserver-kubelet-client",
    ["client"],
    [],
    [],
    "apiserver-kubelet-client",
  ],
  [
    "apiserver-etcd-client",
    "etcd",
    "kube-apiserver-etcd-client",
    ["client"],
    [],
    [],
    "apiserver-etcd-client",
  ],
  ["front-proxy-client", "front-proxy", "front-proxy-client", ["client"], [], [], "front-proxy-client"],
  [
    "controller-manager",
    "kubernetes",
    "system:kube-controller-manager",
    ["client"],
    [],
    [],
    "controller-manager",
  ],
  [
    "controller-manager-server",
    "kubernetes",
    "kube-controller-manager",
    ["server"],
    master,
    masterAt,
    "controller-manager-server",
  ],
  ["scheduler", "kubernetes", "system:kube-scheduler", ["client"], [], [], "scheduler"],
  ["scheduler-server", "kubernetes", "kube-scheduler", ["server"], master, masterAt, "scheduler-server"],
  ["etcd-server", "etcd", "m1", ["server", "client"], master, masterAt, "etcd/server"],
  ["etcd-peer", "etcd", "m1", ["server", "client"], ["m1"], ["10.20.1.0", "127.0.0.1"], "etcd/peer"],
];

test("a master's", () => {
  const found = certificates
    .filter(({ machine }) => machine === "m1")
    .map((c) => [c.id, c.authority, c.commonName, c.usages, c.dnsNames, c.addresses, c.target]);
  expect(found).toEqual(
    masterTable.map(([use, authority, commonName, usages, dnsNames, addresses, target]) => [
      `machines/m1/${use}`,
      authority,
      commonName,
      usages,
      dnsNames,
      addresses,
      `/etc/kubernetes/pki/${target}`,
    ]),
  );
});

test("a worker's", () => {
  expect(certificates.filter(({ machine }) => machine === "w1").map(({ id }) => id)).toEqual([
    "machines/w1/kubelet",
    "machines/w1/kubelet-server",
    "machines/w1/kube-proxy",
    "machines/w1/kube-router",
  ]);
});

test("only nodes and the administrator are in an organization", () => {
  const members = certificates.filter(({ organizations }) => organizations.length > 0);
  expect(members.map(({ id, organizations }) => [id, ...organizations])).toEqual([
    ["admin", "system:masters"],
    ["machines/m1/kubelet", "system:nodes"],
    ["machines/m1/kubelet-server", "system:nodes"],
    ["machines/w1/kubelet", "system:nodes"],
    ["machines/w1/kubelet-server", "system:nodes"],
  ]);
});

test("the administrator's stays with the deployer", () => {
  expect(certificates[0]).toMatchObject({
    id: "admin",
    machine: undefined,
    target: undefined,
    commonName: "landfall-admin",
    usages: ["client"],
  });
});

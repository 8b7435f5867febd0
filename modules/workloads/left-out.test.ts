import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { exampleObject as object } from "./example-object.ts";
import { leftOutKinds, leftOutRules, surroundings, whyLeftOut } from "./left-out.ts";
import type { KubeObject } from "./objects.ts";

const owned = (kind: string, name: string, controller = true) => ({
  ownerReferences: [{ apiVersion: "v1", kind, name, uid: `${kind}-${name}`, controller }],
});
const others = [
  object("v1", "Service", "web", { spec: { selector: { app: "web" } } }),
  object("v1", "Service", "legacy", { spec: { ports: [] } }),
  object("apps/v1", "ReplicaSet", "web"),
  object("example.test/v1", "Database", "db"),
];
const why = (found: KubeObject) => whyLeftOut(found, surroundings([...others, found]));

describe("left out", () => {
  it.each([
    object("v1", "ConfigMap", "x", {}, { namespace: "kube-system" }),
    object("v1", "Namespace", "landfall-system", {}, { namespace: undefined }),
    object("v1", "Pod", "p", {}, owned("ReplicaSet", "web")),
    object("v1", "Pod", "p", { status: { phase: "Succeeded" } }),
    object("v1", "Pod", "p", {}, { annotations: { "kubernetes.io/config.mirror": "x" } }),
    object("v1", "ConfigMap", "x", {}, { deletionTimestamp: "2026-01-01T00:00:00Z" }),
    object("v1", "Endpoints", "web"),
    object(
      "discovery.k8s.io/v1",
      "EndpointSlice",
      "web-x",
      {},
      {
        labels: { "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io" },
      },
    ),
    object("v1", "Service", "kubernetes", {}, { namespace: "default" }),
    object("v1", "Secret", "t", { type: "kubernetes.io/service-account-token" }),
    object("v1", "ServiceAccount", "default"),
    object("v1", "ConfigMap", "kube-root-ca.crt"),
    object("rbac.authorization.k8s.io/v1", "ClusterRole", "system:node"),
    object("rbac.authorization.k8s.io/v1", "ClusterRoleBinding", "landfall:coredns"),
    object(
      "rbac.authorization.k8s.io/v1",
      "ClusterRole",
      "view",
      {},
      {
        labels: { "kubernetes.io/bootstrapping": "rbac-defaults" },
      },
    ),
    object("scheduling.k8s.io/v1", "PriorityClass", "system-node-critical"),
    object(
      "flowcontrol.apiserver.k8s.io/v1",
      "FlowSchema",
      "probes",
      {},
      {
        annotations: { "apf.kubernetes.io/autoupdate-spec": "true" },
      },
    ),
    object("apiregistration.k8s.io/v1", "APIService", "v1.apps", { spec: {} }),
    object("batch/v1", "Job", "once", { spec: {} }),
    object("v1", "Event", "x"),
    object("v1", "Node", "m1"),
  ])("$apiVersion $kind $metadata.name", (found) => {
    expect(why(found)).toMatch(/./);
  });

  it.each([
    object("v1", "Pod", "bare"),
    object("v1", "Pod", "orphan", {}, owned("ReplicaSet", "gone")),
    object("v1", "Secret", "of-the-operator", {}, owned("Database", "db")),
    object("apps/v1", "Deployment", "of-the-operator", {}, owned("Database", "db")),
    object("v1", "Endpoints", "legacy"),
    object("discovery.k8s.io/v1", "EndpointSlice", "by-hand"),
    object("v1", "Service", "kubernetes", {}, { namespace: "shop" }),
    object("v1", "Secret", "password", { type: "Opaque" }),
    object("v1", "Secret", "sh.helm.release.v1.web.v1", { type: "helm.sh/release.v1" }),
    object("v1", "ServiceAccount", "default", { imagePullSecrets: [{ name: "registry" }] }),
    object("rbac.authorization.k8s.io/v1", "ClusterRole", "shop"),
    object("batch/v1", "Job", "later", { spec: { suspend: true } }),
    object("apiregistration.k8s.io/v1", "APIService", "v1.shop", {
      spec: { service: { namespace: "shop" } },
    }),
  ])("not $apiVersion $kind $metadata.name", (found) => {
    expect(why(found)).toBeUndefined();
  });

  it("is what docs/workloads.md says", () => {
    const page = readFileSync(join(import.meta.dirname, "..", "..", "docs", "workloads.md"), "utf8");
    const [, table = ""] = /<!-- left out -->\n(.*?)<!-- -->/s.exec(page) ?? [];
    const rows = leftOutRules.map(({ what, reason }) => `| ${what} | ${reason} |`);
    expect(table.trim()).toBe(["| What | Because it |", "| --- | --- |", ...rows].join("\n"));
    expect(leftOutKinds.size).toBeGreaterThan(5);
  });
});

import { describe, expect, it } from "vitest";
import { cleaned, withOwners } from "./clean.ts";
import type { KubeObject } from "./objects.ts";

const born = {
  uid: "b1",
  resourceVersion: "17",
  generation: 3,
  creationTimestamp: "2026-01-01T00:00:00Z",
  managedFields: [{ manager: "kubectl" }],
  finalizers: ["example.test/guard"],
  selfLink: "/x",
};

function object(kind: string, more: object, metadata: object = {}, apiVersion = "v1"): KubeObject {
  return {
    apiVersion,
    kind,
    metadata: { name: "one", namespace: "shop", ...born, ...metadata },
    ...more,
  };
}

describe("an object as somebody could have written it", () => {
  it("has no metadata but its name, labels and annotations of its own", () => {
    const labels = { app: "web", "kubernetes.io/metadata.name": "shop" };
    const annotations = {
      owner: "sales",
      "deployment.kubernetes.io/revision": "4",
      "pv.kubernetes.io/bind-completed": "yes",
      "migrate.landfall.local/stopped": '{"was":3}',
      "kube-router.io/service.advertise.externalip": "true",
    };
    const found = cleaned(object("ConfigMap", { data: { a: "1" }, status: {} }, { labels, annotations }));
    expect(found).toEqual({
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: {
        name: "one",
        namespace: "shop",
        labels: { app: "web" },
        annotations: { owner: "sales" },
      },
      data: { a: "1" },
    });
  });

  it.each([
    ["an address is the cluster's", { clusterIP: "10.43.0.7", clusterIPs: ["10.43.0.7"] }, {}],
    ["none is meant", { clusterIP: "None", clusterIPs: ["None"] }, { clusterIP: "None" }],
    ["families are the cluster's", { ipFamilies: ["IPv4"], ipFamilyPolicy: "SingleStack" }, {}],
    [
      "two families are meant",
      { ipFamilyPolicy: "RequireDualStack" },
      { ipFamilyPolicy: "RequireDualStack" },
    ],
    [
      "node ports stay",
      { ports: [{ port: 80, nodePort: 30080 }] },
      { ports: [{ port: 80, nodePort: 30080 }] },
    ],
  ])("of a Service: %s", (_, spec, kept) => {
    expect(cleaned(object("Service", { spec })).spec).toEqual(kept);
  });

  it("is a claim without its volume, and a volume that names its claim without uid", () => {
    expect(cleaned(object("PersistentVolumeClaim", { spec: { volumeName: "pv-1", a: 1 } })).spec).toEqual({
      a: 1,
    });
    const claimRef = {
      kind: "PersistentVolumeClaim",
      namespace: "shop",
      name: "data",
      uid: "u",
      resourceVersion: "9",
    };
    expect(cleaned(object("PersistentVolume", { spec: { claimRef } })).spec).toEqual({
      claimRef: { apiVersion: "v1", kind: "PersistentVolumeClaim", namespace: "shop", name: "data" },
    });
    expect(cleaned(object("PersistentVolume", { spec: { nfs: {} } })).spec).toEqual({ nfs: {} });
  });

  it("is a pod without its node and without what admission put into it", () => {
    const spec = {
      nodeName: "n1",
      priority: 0,
      containers: [{ name: "a", volumeMounts: [{ name: "kube-api-access-x7k2p" }, { name: "data" }] }],
      volumes: [
        { name: "kube-api-access-x7k2p", projected: {} },
        { name: "data", emptyDir: {} },
      ],
    };
    expect(cleaned(object("Pod", { spec })).spec).toEqual({
      containers: [{ name: "a", volumeMounts: [{ name: "data" }] }],
      volumes: [{ name: "data", emptyDir: {} }],
    });
  });

  it("is a Job without the selector that was made for it, unless its author made it", () => {
    const labels = { app: "x", "controller-uid": "u", "batch.kubernetes.io/controller-uid": "u" };
    const spec = { selector: { matchLabels: { "controller-uid": "u" } }, template: { metadata: { labels } } };
    expect(cleaned(object("Job", { spec }, {}, "batch/v1")).spec).toEqual({
      template: { metadata: { labels: { app: "x" } } },
    });
    const own = { ...spec, manualSelector: true };
    expect(cleaned(object("Job", { spec: own }, {}, "batch/v1")).spec).toEqual(own);
  });

  it("has no creation times that say nothing, however deep", () => {
    const template = { metadata: { creationTimestamp: null, labels: { app: "x" } } };
    const spec = { template, volumeClaimTemplates: [{ metadata: { creationTimestamp: null }, status: {} }] };
    expect(cleaned(object("StatefulSet", { spec }, {}, "apps/v1")).spec).toEqual({
      template: { metadata: { labels: { app: "x" } } },
      volumeClaimTemplates: [{ metadata: {} }],
    });
  });

  it("is a role without rules where they are summed up from others", () => {
    const group = "rbac.authorization.k8s.io/v1";
    const rules = [{ verbs: ["get"] }];
    expect(cleaned(object("ClusterRole", { rules }, {}, group)).rules).toEqual(rules);
    expect(cleaned(object("ClusterRole", { rules, aggregationRule: {} }, {}, group)).rules).toBeUndefined();
  });

  it("is cleaned already when it is cleaned again", () => {
    const service = object("Service", { spec: { clusterIP: "10.43.0.7", ports: [{ nodePort: 30080 }] } });
    expect(cleaned(cleaned(service))).toEqual(cleaned(service));
  });
});

describe("owners", () => {
  const owner = (uid: string) => ({ apiVersion: "v1", kind: "ConfigMap", name: uid, uid });
  const manifest: KubeObject = { apiVersion: "v1", kind: "Secret", metadata: { name: "one" } };

  it("are those that green has, by their uids there", () => {
    const owned = withOwners(manifest, [owner("b1"), owner("b2")], (uid) =>
      uid === "b1" ? "g1" : undefined,
    );
    expect(owned.metadata.ownerReferences).toEqual([{ ...owner("b1"), uid: "g1" }]);
  });

  it("are none where green has none: its garbage collector would delete the object", () => {
    expect(withOwners(manifest, [owner("b1")], () => undefined)).toEqual(manifest);
  });
});

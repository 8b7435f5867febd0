import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { draftMigration } from "./draft.ts";
import type { Kind } from "./kinds.ts";
import { idOf, type KubeObject, kindId, nameOf } from "./objects.ts";
import type { Views } from "./view.ts";

const made = (
  apiVersion: string,
  kind: string,
  name: string,
  more: object = {},
  namespace?: string,
): KubeObject => ({
  apiVersion,
  kind,
  metadata: { name, uid: `${kind}-${name}`, ...(namespace !== undefined && { namespace }) },
  ...more,
});
const pods = { spec: { replicas: 1, template: { spec: { containers: [] } } } };
const definition = made("apiextensions.k8s.io/v1", "CustomResourceDefinition", "widgets.example.test", {
  spec: { group: "example.test", names: { kind: "Widget" } },
});
const objects = [
  made("admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration", "guard"),
  made("autoscaling/v2", "HorizontalPodAutoscaler", "web", {}, "shop"),
  made("example.test/v1", "Widget", "one", {}, "shop"),
  made("apps/v1", "Deployment", "web", pods, "shop"),
  made("networking.k8s.io/v1", "NetworkPolicy", "web", {}, "shop"),
  made("v1", "Service", "web", { spec: { ports: [] } }, "shop"),
  made("v1", "PersistentVolumeClaim", "data", { spec: {} }, "shop"),
  made("v1", "Secret", "password", {}, "shop"),
  made("v1", "ConfigMap", "settings", {}, "shop"),
  made("v1", "ServiceAccount", "web", {}, "shop"),
  made("rbac.authorization.k8s.io/v1", "ClusterRole", "shop"),
  made("v1", "Namespace", "shop"),
  definition,
];

/** Clusters that serve the kinds of the objects, each in its own version. */
function views(
  blue: readonly KubeObject[],
  green: readonly KubeObject[] = [],
  unserved: readonly string[] = [],
): Views {
  const kinds = new Map<string, Kind>();
  for (const { apiVersion, kind, metadata } of [...objects, ...blue]) {
    const id = kindId(apiVersion, kind);
    const [group, version = group] = apiVersion.split("/") as [string, string?];
    kinds.set(id, {
      id,
      group: version === group ? "" : group,
      kind,
      plural: kind === "Widget" ? "widgets" : `${kind.toLowerCase()}s`,
      namespaced: metadata.namespace !== undefined,
      copyable: true,
      versions: [version],
    });
  }
  const served = new Map([...kinds].filter(([id]) => !unserved.includes(id)));
  return {
    blue: { kinds: { byId: kinds, aggregated: [] }, objects: blue },
    green: { kinds: { byId: served, aggregated: [] }, objects: green },
    routes: new Map(
      [...kinds].map(([id, kind]) => [
        id,
        {
          kind,
          version: unserved.includes(id) ? undefined : kind.versions[0],
          custom: id === "Widget.example.test",
        },
      ]),
    ),
  };
}

describe("the order of copying", () => {
  it("is the same however blue lists its objects: what others need first, what stands in the way last", () => {
    fc.assert(
      fc.property(fc.shuffledSubarray(objects, { minLength: objects.length }), (listed) => {
        expect(draftMigration(views(listed), {}).items.map(({ name }) => name)).toEqual(
          objects.map(nameOf).toReversed(),
        );
      }),
    );
  });
});

describe("what is copied", () => {
  const copied = (draft: ReturnType<typeof draftMigration>) => draft.items.map(({ name }) => name).sort();

  it("is every object, or it is left out or blocked, whatever the rules", () => {
    const rule = fc.record(
      {
        namespace: fc.constantFrom("shop", "s*", "other"),
        kind: fc.constantFrom("Secret", "Widget", "Widget.example.test", "Namespace"),
        name: fc.constantFrom("web", "*", "w*"),
      },
      { requiredKeys: [] },
    );
    const rules = fc.record(
      { include: fc.array(rule, { minLength: 1 }), exclude: fc.array(rule) },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(rules, (copy) => {
        const { items, leftOut } = draftMigration(views(objects), { copy });
        const ended = [...items.map(({ name }) => name), ...leftOut.map(({ object }) => object)];
        expect(ended.sort()).toEqual(objects.map(nameOf).sort());
      }),
    );
  });

  it("brings its namespace and its definition along", () => {
    const copy = { include: [{ kind: "Widget" }] };
    expect(copied(draftMigration(views(objects), { copy }))).toEqual([
      "CustomResourceDefinition widgets.example.test",
      "Namespace shop",
      "Widget shop/one",
    ]);
  });

  it("is not what is excluded, though it be included too", () => {
    const copy = {
      include: [{ namespace: "shop" }],
      exclude: [{ kind: "Secret" }, { kind: "Widget" }, { name: "w*" }],
    };
    expect(copied(draftMigration(views(objects), { copy }))).toEqual([
      "ConfigMap shop/settings",
      "Namespace shop",
      "PersistentVolumeClaim shop/data",
    ]);
  });

  it("is told all at once where green does not serve it", () => {
    const unserved = ["NetworkPolicy.networking.k8s.io", "HorizontalPodAutoscaler.autoscaling"];
    const draft = draftMigration(views(objects, [], unserved), {});
    expect(draft.problems.map(({ object, reason }) => [object, reason])).toEqual([
      [
        "HorizontalPodAutoscaler shop/web",
        "green serves no such kind; blue serves HorizontalPodAutoscaler.autoscaling as v2",
      ],
      [
        "NetworkPolicy shop/web",
        "green serves no such kind; blue serves NetworkPolicy.networking.k8s.io as v1",
      ],
    ]);
  });

  it("keeps as many pods as green's autoscaler has found right", () => {
    const target = { scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "web" } };
    const scaler = made("autoscaling/v2", "HorizontalPodAutoscaler", "web", { spec: target }, "shop");
    const blue = [made("apps/v1", "Deployment", "web", pods, "shop"), scaler];
    const green = [made("apps/v1", "Deployment", "web", { spec: { replicas: 4 } }, "shop")];
    const manifest = draftMigration(views(blue, green), {}).items.find(
      ({ id }) => id === idOf(green[0]!),
    )?.manifest;
    expect(manifest?.spec).toMatchObject({ replicas: 4 });
  });

  it("leaves alone, and tells, what only green has", () => {
    const green = [
      made("v1", "ConfigMap", "theirs", {}, "shop"),
      made("v1", "ConfigMap", "kube-root-ca.crt", {}, "shop"),
      made("v1", "ConfigMap", "elsewhere", {}, "other"),
    ];
    expect(draftMigration(views(objects, green), {}).onlyInGreen).toEqual(["ConfigMap shop/theirs"]);
  });
});

import { expect, test } from "vitest";
import { controllerAccounts, firstObjects } from "./first-objects.ts";

test("an object of a list becomes what etcd has, without what each cluster gives its own", () => {
  const list = {
    kind: "RoleList",
    apiVersion: "rbac.authorization.k8s.io/v1",
    items: [
      {
        metadata: {
          name: "reader",
          namespace: "kube-system",
          uid: "f1ee1485-e2d5-4d43-81d7-b654b150a6d2",
          resourceVersion: "6",
          creationTimestamp: "2026-11-25T13:31:25Z",
          labels: { a: "b" },
          managedFields: [],
        },
        rules: [],
      },
    ],
  };
  expect(firstObjects("roles", list)).toEqual([
    {
      key: "/registry/roles/kube-system/reader",
      object: {
        kind: "Role",
        apiVersion: "rbac.authorization.k8s.io/v1",
        metadata: { name: "reader", namespace: "kube-system", labels: { a: "b" } },
        rules: [],
      },
    },
  ]);
});

test("conditions stay, without their times", () => {
  const conditions = [{ type: "Available", status: "True", lastTransitionTime: "2026-11-25T13:31:25Z" }];
  const items = [{ metadata: { name: "v1." }, spec: { version: "v1" }, status: { conditions } }];
  const [first] = firstObjects("apiregistration.k8s.io/apiservices", {
    kind: "APIServiceList",
    apiVersion: "apiregistration.k8s.io/v1",
    items,
  });
  expect(first).toEqual({
    key: "/registry/apiregistration.k8s.io/apiservices/v1.",
    object: {
      kind: "APIService",
      apiVersion: "apiregistration.k8s.io/v1",
      metadata: { name: "v1." },
      spec: { version: "v1" },
      status: { conditions: [{ type: "Available", status: "True" }] },
    },
  });
});

test("controllers' accounts are those that a controller's role was given to, each once", () => {
  const binding = (name: string, ...subjects: object[]) => ({
    key: `/registry/clusterrolebindings/${name}`,
    object: { subjects },
  });
  const account = (name: string, namespace = "kube-system") => ({ kind: "ServiceAccount", name, namespace });
  const user = { kind: "User", name: "system:kube-scheduler", apiGroup: "rbac.authorization.k8s.io" };
  const objects = [
    binding("system:controller:node-controller", account("node-controller"), user),
    binding("system:controller:job-controller", account("job-controller"), account("node-controller")),
    binding("system:controller:other", account("default", "shop")),
    binding("system:kube-dns", account("kube-dns")),
    { key: "/registry/clusterroles/system:controller:job-controller", object: { rules: [] } },
  ];
  expect(controllerAccounts(objects)).toEqual(
    ["job-controller", "node-controller"].map((name) => ({
      key: `/registry/serviceaccounts/kube-system/${name}`,
      object: { kind: "ServiceAccount", apiVersion: "v1", metadata: { name, namespace: "kube-system" } },
    })),
  );
});

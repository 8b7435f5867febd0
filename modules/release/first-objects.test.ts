import { expect, test } from "vitest";
import { firstObjects } from "./first-objects.ts";

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

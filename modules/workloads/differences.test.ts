import { describe, expect, it } from "vitest";
import { differences, overwritten } from "./differences.ts";
import type { KubeObject } from "./objects.ts";

function deployment(spec: object, metadata: object = {}): KubeObject {
  return { apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "web", ...metadata }, spec };
}
const managed = (manager: string, spec: object) => ({
  managedFields: [
    { manager: "landfall-migrate", fieldsV1: { "f:spec": { "f:replicas": {}, "f:containers": {} } } },
    { manager, fieldsV1: { "f:spec": spec } },
  ],
});

describe("what differs", () => {
  it("is nothing where only what is born in a cluster does", () => {
    const blue = deployment({ replicas: 1 }, { uid: "b", resourceVersion: "1" });
    const green = deployment({ replicas: 1 }, { uid: "g", resourceVersion: "2" });
    expect(differences(blue, deployment({ replicas: 1 }), green)).toEqual([]);
  });

  it("is told with who made it so", () => {
    const blue = deployment({ replicas: 1, containers: [{ name: "a", image: "a:1" }] });
    const green = deployment(
      { replicas: 1, containers: [{ name: "a", image: "mirror/a:1", extra: 1 }], paused: true },
      managed("image-policy", { "f:containers": { 'k:{"name":"a"}': { "f:image": {} } } }),
    );
    expect(differences(blue, blue, green)).toEqual([
      { path: "spec.containers[0].extra", in: "green", why: "green's default" },
      { path: "spec.containers[0].image", in: "both", why: "set in green by image-policy" },
      { path: "spec.paused", in: "green", why: "green's default" },
    ]);
  });

  it("never shows a value", () => {
    const secret = (value: string): KubeObject => ({
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "s" },
      data: { password: value },
    });
    const found = JSON.stringify(
      differences(secret("aHVudGVyMg=="), secret("aHVudGVyMg=="), secret("b3RoZXI=")),
    );
    expect(found).toContain("data.password");
    expect(found).not.toMatch(/aHVudGVyMg|b3RoZXI/);
  });

  it("before a copy is what it set right, and whose it was", () => {
    const green = deployment({ replicas: 9, paused: true }, managed("kubectl-scale", { "f:replicas": {} }));
    expect(overwritten(deployment({ replicas: 3 }), green)).toEqual([
      { path: "spec.replicas", in: "both", why: "kubectl-scale" },
    ]);
  });
});

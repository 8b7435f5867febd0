import { describe, expect, it } from "vitest";
import type { KubeObject } from "./objects.ts";
import { type CopyRule, glob, ruleMatches } from "./selection.ts";
import { sharedVersion } from "./versions.ts";

const web: KubeObject = {
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "web", namespace: "shop", labels: { team: "sales", app: "web" } },
};
const namespace: KubeObject = { apiVersion: "v1", kind: "Namespace", metadata: { name: "shop" } };

describe("a rule", () => {
  it.each<[CopyRule, boolean]>([
    [{}, true],
    [{ namespace: "shop" }, true],
    [{ namespace: "sh*" }, true],
    [{ namespace: "sho" }, false],
    [{ kind: "Deployment" }, true],
    [{ kind: "Deployment.apps" }, true],
    [{ kind: "Deployment.example.test" }, false],
    [{ name: "*eb", kind: "Deployment" }, true],
    [{ name: "*eb", kind: "Secret" }, false],
    [{ labels: { team: "sales" } }, true],
    [{ labels: { team: "sales", app: "db" } }, false],
  ])("%j", (rule, matches) => {
    expect(ruleMatches(rule, web)).toBe(matches);
  });

  it("of a namespace holds for the Namespace itself", () => {
    expect(ruleMatches({ namespace: "shop" }, namespace)).toBe(true);
    expect(ruleMatches({ namespace: "other" }, namespace)).toBe(false);
  });

  it("takes all but * as it is written", () => {
    expect(glob("a.c", "abc")).toBe(false);
    expect(glob("a*c", "a.b\nc")).toBe(true);
    expect(glob("*", "")).toBe(true);
  });
});

describe("the version in which an object travels", () => {
  const kind = (versions: string[]) => ({
    ...{ id: "X", group: "x", kind: "X", plural: "xs", namespaced: true, copyable: true },
    versions,
  });
  it.each([
    [["v2", "v1"], ["v2", "v1"], "v2"],
    [["v2", "v1"], ["v1"], "v1"],
    [["v1beta1", "v1"], ["v1", "v1beta1"], "v1"],
    [["v1beta1"], ["v1"], undefined],
  ])("blue %j, green %j: %s", (blue, green, shared) => {
    expect(sharedVersion(kind(blue), kind(green))).toBe(shared);
  });

  it("is none where green has no such kind", () => {
    expect(sharedVersion(kind(["v1"]), undefined)).toBeUndefined();
  });
});

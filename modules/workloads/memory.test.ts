import { describe, expect, it } from "vitest";
import { asBefore, claimText, gonePatch, held, isStopped, startPatch, stopPatch } from "./memory.ts";
import { type Fields, fieldsOf, idOf, isFields, type KubeObject, omit } from "./objects.ts";

/** RFC 7396, as the API server does it. */
function merged(target: unknown, patch: unknown): unknown {
  if (!isFields(patch)) return patch;
  const result = new Map(Object.entries(fieldsOf(target)));
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) result.delete(key);
    else result.set(key, merged(result.get(key), value));
  }
  return Object.fromEntries(result);
}
const patched = (object: KubeObject, patch: Fields) =>
  merged(object, { ...patch, metadata: omit(fieldsOf(patch.metadata), ["resourceVersion"]) }) as KubeObject;

const workload = (apiVersion: string, kind: string, spec: object): KubeObject => ({
  apiVersion,
  kind,
  metadata: { name: "one", namespace: "shop", resourceVersion: "7", annotations: { owner: "sales" } },
  spec,
});
const kinds: [string, KubeObject][] = [
  ["a Deployment", workload("apps/v1", "Deployment", { replicas: 3 })],
  ["a StatefulSet", workload("apps/v1", "StatefulSet", { replicas: 1, template: { spec: {} } })],
  ["a CronJob", workload("batch/v1", "CronJob", { suspend: false, schedule: "* * * * *" })],
  [
    "a DaemonSet",
    workload("apps/v1", "DaemonSet", { template: { spec: { nodeSelector: { disk: "ssd" } } } }),
  ],
];

describe("what was stopped", () => {
  it.each(kinds)("of %s runs as it did when it is started again", (_, object) => {
    const stopped = patched(object, stopPatch(object));
    expect(isStopped(object)).toBe(false);
    expect(isStopped(stopped)).toBe(true);
    // A second stop, by somebody who runs it again, forgets nothing.
    const again = patched(stopped, stopPatch(stopped));
    const gone = patched(again, gonePatch(again));
    expect(patched(gone, startPatch(gone))).toEqual(object);
    expect(asBefore([gone]).objects).toEqual([object]);
    expect(asBefore([again]).gone.size).toBe(0);
    expect(asBefore([gone]).gone).toEqual(new Set([idOf(object)]));
  });

  it.each(kinds)("%s that is held runs nothing", (_, object) => {
    expect(isStopped(held(object))).toBe(true);
  });

  it("is not stopped over what somebody else did meanwhile", () => {
    const [[, deployment]] = kinds as [[string, KubeObject]];
    expect(stopPatch(deployment).metadata).toMatchObject({ resourceVersion: "7" });
  });
});

describe("a claim that was released", () => {
  const claim: KubeObject = {
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: { name: "data", namespace: "shop", uid: "u1" },
    spec: { storageClassName: "network", volumeName: "pv-1", dataSource: { name: "snapshot" } },
  };
  const volume: KubeObject = {
    apiVersion: "v1",
    kind: "PersistentVolume",
    metadata: {
      name: "pv-1",
      annotations: {
        "migrate.landfall.local/released": claimText(claim, "pv-1"),
        "migrate.landfall.local/reclaim-policy": "Delete",
      },
    },
    spec: { persistentVolumeReclaimPolicy: "Retain" },
  };

  it("lives in its volume, which had another policy", () => {
    const { objects, released } = asBefore([volume]);
    expect(released).toEqual(new Set(["PersistentVolumeClaim shop/data"]));
    expect(objects).toEqual([
      {
        ...volume,
        metadata: { name: "pv-1", annotations: {} },
        spec: { persistentVolumeReclaimPolicy: "Delete" },
      },
      {
        apiVersion: "v1",
        kind: "PersistentVolumeClaim",
        metadata: { name: "data", namespace: "shop" },
        spec: { storageClassName: "network", volumeName: "pv-1" },
      },
    ]);
  });

  it("is not released as long as it is there", () => {
    const { objects, released } = asBefore([volume, claim]);
    expect(released.size).toBe(0);
    expect(objects.filter(({ kind }) => kind === claim.kind)).toEqual([claim]);
  });

  it("is not made up from an annotation that is no claim", () => {
    const annotations = { "migrate.landfall.local/released": "{nonsense" };
    const odd = { ...volume, metadata: { ...volume.metadata, annotations } };
    expect(asBefore([odd]).objects).toHaveLength(1);
  });
});

import { describe, expect, it } from "vitest";
import { exampleObject as object } from "./example-object.ts";
import { surroundings } from "./left-out.ts";
import { idOf, type KubeObject } from "./objects.ts";
import { greenVolume, planVolumes, type VolumeSettings } from "./volumes.ts";

const claim = (name: string, volumeName: string, accessModes = ["ReadWriteOnce"]) =>
  object("v1", "PersistentVolumeClaim", name, { spec: { volumeName, accessModes } });
const volume = (name: string, spec: object = { nfs: { server: "s", path: "/x" } }): KubeObject => ({
  apiVersion: "v1",
  kind: "PersistentVolume",
  metadata: { name, uid: name },
  spec,
});
const pod = (volumes: readonly object[], mounts: readonly object[] = []) => ({
  spec: { volumes, containers: [{ volumeMounts: mounts }] },
});
const mounting = (claimName: string, readOnly = false) => ({
  name: claimName,
  persistentVolumeClaim: { claimName, readOnly },
});
const deployment = (name: string, volumes: readonly object[], more: object = {}, metadata: object = {}) =>
  object("apps/v1", "Deployment", name, { spec: { replicas: 1, template: pod(volumes), ...more } }, metadata);

function plan(objects: readonly KubeObject[], settings: VolumeSettings = {}, left: readonly string[] = []) {
  return planVolumes(surroundings(objects), (each) => !left.includes(each.metadata.name), settings);
}
const groupsOf = (found: ReturnType<typeof plan>) =>
  found.groups.map(({ claims, workloads }) => [
    claims.map((each) => each.claim.metadata.name).sort(),
    workloads.map(({ metadata }) => metadata.name).sort(),
  ]);

describe("volumes", () => {
  it("move with all that hangs on them, and apart from what does not", () => {
    const found = plan([
      ...[claim("a", "pa"), volume("pa"), claim("b", "pb"), volume("pb"), claim("c", "pc"), volume("pc")],
      deployment("one", [mounting("a"), mounting("b")]),
      deployment("two", [mounting("b", true)]),
      deployment("three", [mounting("c")]),
      deployment("stateless", [{ name: "x", emptyDir: {} }]),
    ]);
    expect(groupsOf(found)).toEqual([
      [
        ["a", "b"],
        ["one", "two"],
      ],
      [["c"], ["three"]],
    ]);
    expect(found.problems).toEqual([]);
  });

  it("that nobody writes to are bound on both sides", () => {
    const found = plan([claim("a", "pa"), volume("pa"), deployment("one", [mounting("a", true)])]);
    expect(found.groups).toEqual([]);
    expect(found.shared.map((each) => each.claim.metadata.name)).toEqual(["a"]);
  });

  it("that no workload uses move by themselves: anybody may write to them", () => {
    expect(groupsOf(plan([claim("a", "pa"), volume("pa")]))).toEqual([[["a"], []]]);
  });

  it("of StatefulSets are found by their names", () => {
    const templates = { volumeClaimTemplates: [{ metadata: { name: "data" } }] };
    const db = object("apps/v1", "StatefulSet", "db", { spec: { ...templates, template: pod([]) } });
    const found = plan([
      ...[claim("data-db-0", "p0"), volume("p0"), claim("data-db-10", "p1"), volume("p1")],
      ...[claim("data-db-x", "p2"), volume("p2"), db],
    ]);
    expect(groupsOf(found)).toEqual([
      [["data-db-0", "data-db-10"], ["db"]],
      [["data-db-x"], []],
    ]);
  });

  it("on a machine's own disk are in the way, unless they are left", () => {
    const affinity = {
      required: {
        nodeSelectorTerms: [{ matchExpressions: [{ key: "kubernetes.io/hostname", values: ["w1"] }] }],
      },
    };
    const objects = [
      ...[claim("a", "pa"), volume("pa", { hostPath: { path: "/srv/a" } })],
      ...[
        claim("b", "pb"),
        volume("pb", { csi: { driver: "topolvm", volumeHandle: "1" }, nodeAffinity: affinity }),
      ],
      deployment("one", [{ name: "h", hostPath: { path: "/var/lib/one" } }]),
      deployment("socket", [{ name: "h", hostPath: { path: "/run/x.sock", type: "Socket" } }]),
      object("apps/v1", "DaemonSet", "agent", {
        spec: { template: pod([{ name: "h", hostPath: { path: "/var/log" } }]) },
      }),
    ];
    expect(plan(objects).problems.map((problem) => [problem.object, problem.reason])).toEqual([
      ["PersistentVolumeClaim shop/a", "keeps data on a machine's own disk: /srv/a"],
      ["PersistentVolumeClaim shop/b", "keeps data on a machine's own disk: volume pb of w1"],
      ["Deployment shop/one", "keeps data on a machine's own disk: /var/lib/one"],
    ]);
    const left = plan(objects, { local: "leave" });
    expect(left.problems).toEqual([]);
    expect(left.emptied).toEqual(new Set(objects.slice(0, 4).filter(isClaim).map(idOf)));
    expect(left.leftOut.size).toBe(2);
  });

  it("on a folder that all machines share move as those of the network do", () => {
    const objects = [
      ...[claim("a", "pa"), volume("pa", { hostPath: { path: "/mnt/shared/a" } })],
      ...[claim("b", "pb"), volume("pb", { hostPath: { path: "/mnt/shared2/b" } })],
      ...[claim("c", "pc"), volume("pc", { hostPath: { path: "/mnt/shared/../c" } })],
    ];
    const found = plan(objects, { shared: ["/mnt/shared"] });
    expect(groupsOf(found)).toEqual([[["a"], []]]);
    expect(found.problems.map((problem) => problem.object)).toEqual([
      "PersistentVolumeClaim shop/b",
      "PersistentVolumeClaim shop/c",
    ]);
  });

  it("written in a pod's own spec move with their workload", () => {
    const nfs = { name: "n", nfs: { server: "s", path: "/x" } };
    const found = plan([
      deployment("one", [nfs]),
      deployment("two", [{ ...nfs, name: "other" }]),
      deployment("reader", [{ name: "n", nfs: { server: "s", path: "/x", readOnly: true } }]),
    ]);
    expect(groupsOf(found)).toEqual([[[], ["one", "two"]]]);
  });

  it("CronJobs move too: what they do at their hours must not be done twice", () => {
    const cron = (name: string, suspend: boolean) =>
      object("batch/v1", "CronJob", name, {
        spec: { suspend, jobTemplate: { spec: { template: pod([]) } } },
      });
    expect(groupsOf(plan([cron("nightly", false), cron("never", true)]))).toEqual([[[], ["nightly"]]]);
  });

  const data = [claim("a", "pa"), volume("pa")];
  const owner = (kind: string, name: string) => ({
    ownerReferences: [{ apiVersion: "x/v1", kind, name, uid: `${kind}-${name}`, controller: true }],
  });
  it.each<[string, readonly KubeObject[], readonly string[], string]>([
    [
      "a pod that nothing would start again",
      [object("v1", "Pod", "bare", pod([mounting("a")]))],
      [],
      "writes to PersistentVolumeClaim shop/a, and nothing would start it again once it is stopped",
    ],
    [
      "a writer that is not copied",
      [deployment("one", [mounting("a")])],
      ["one"],
      "writes to PersistentVolumeClaim shop/a, which moves, and is itself not copied",
    ],
    [
      "a workload that an operator scales",
      [object("x/v1", "Database", "d"), deployment("one", [mounting("a")], {}, owner("Database", "d"))],
      [],
      "writes to PersistentVolumeClaim shop/a, and is scaled by Database shop/d",
    ],
  ])("are stuck with %s", (_, objects, left, reason) => {
    expect(plan([...data, ...objects], {}, left).problems.map((problem) => problem.reason)).toEqual([reason]);
  });

  it("are not stuck with a workload that is at none already", () => {
    const stopped = deployment("one", [mounting("a")], { replicas: 0 }, owner("Database", "d"));
    expect(plan([...data, object("x/v1", "Database", "d"), stopped]).problems).toEqual([]);
  });

  it("bound to nothing that is copied are left out", () => {
    const found = plan([...data, volume("spare")], {}, ["a"]);
    expect([...found.leftOut.keys()].sort()).toEqual(["PersistentVolume /pa", "PersistentVolume /spare"]);
    expect(found.groups).toEqual([]);
  });

  it("are kept in green whatever becomes of their claim there", () => {
    expect(greenVolume(volume("pa", { nfs: {}, persistentVolumeReclaimPolicy: "Delete" })).spec).toEqual({
      nfs: {},
      persistentVolumeReclaimPolicy: "Retain",
    });
  });
});

function isClaim({ kind }: KubeObject): boolean {
  return kind === "PersistentVolumeClaim";
}

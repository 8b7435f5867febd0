// Volumes: which data can follow to another cluster, which cannot, and who writes to them. Pure.
import type { WorkloadsSpec } from "../spec/index.ts";
import type { Surroundings } from "./left-out.ts";
import { controllerOf } from "./left-out.ts";
import { canBeStopped, isStopped } from "./memory.ts";
import {
  at,
  type Fields,
  fieldsOf,
  idOf,
  isFields,
  type KubeObject,
  kindOf,
  listOf,
  nameOf,
  textAt,
} from "./objects.ts";
import { podSpec } from "./requests.ts";

export type VolumeSettings = NonNullable<WorkloadsSpec["volumes"]>;

export interface Problem {
  /** As `Deployment shop/web`. */
  readonly object: string;
  readonly reason: string;
  readonly next: string;
}

/** A claim and its volume, as they were before anything was moved. */
export interface Claim {
  readonly claim: KubeObject;
  readonly volume: KubeObject;
}

/** What moves together, because it shares a volume, or because it may run on one side only. */
export interface Group {
  /** Of its first claim, or of its only workload. */
  readonly name: string;
  readonly claims: readonly Claim[];
  readonly workloads: readonly KubeObject[];
}

export interface VolumePlan {
  readonly groups: readonly Group[];
  /** Claims that nobody writes to: bound on both sides at once. */
  readonly shared: readonly Claim[];
  /** Ids of claims whose data stay: they begin empty. */
  readonly emptied: ReadonlySet<string>;
  /** Reasons by id of volumes that are not copied. */
  readonly leftOut: ReadonlyMap<string, string>;
  readonly problems: readonly Problem[];
}

/** Sources whose data are on one machine. */
const localSources = ["hostPath", "local"];
/** Sources in a pod's own spec that reach data over the network. Claims are looked at by themselves. */
const networkSources = [
  ...["nfs", "iscsi", "cephfs", "rbd", "glusterfs", "fc", "cinder", "azureFile", "azureDisk", "flexVolume"],
  ...["awsElasticBlockStore", "gcePersistentDisk", "vsphereVolume", "portworxVolume", "quobyte", "scaleIO"],
  "storageos",
];

/**
 * @param workloads what holds pods, as it was before.
 * @param selected whether an object is to be copied.
 */
export function planVolumes(
  cluster: Surroundings,
  selected: (object: KubeObject) => boolean,
  settings: VolumeSettings,
): VolumePlan {
  const objects = [...cluster.byId.values()];
  const users = objects
    .filter(holdsPods)
    .filter((object) => controllerOf(object) === undefined || !isMade(object, cluster));
  const plan = { groups: new Grouping(), shared: [] as Claim[], emptied: new Set<string>() };
  const leftOut = new Map<string, string>();
  const problems: Problem[] = [];

  for (const claim of objects.filter((object) => kindOf(object) === "PersistentVolumeClaim")) {
    if (!selected(claim)) continue;
    const volume = cluster.byId.get(`PersistentVolume /${textAt(claim, "spec", "volumeName") ?? ""}`);
    if (volume === undefined) continue;
    const uses = users.flatMap((user) => useOf(user, claim).map((use) => ({ user, ...use })));
    if (isLocal(volume, settings)) {
      leftOut.set(idOf(volume), "holds data of one machine");
      plan.emptied.add(idOf(claim));
      if (settings.local !== "leave") problems.push(localProblem(nameOf(claim), placeOf(volume)));
      continue;
    }
    if (uses.every(({ readOnly }) => readOnly) && (uses.length > 0 || isReadOnlyClaim(claim))) {
      plan.shared.push({ claim, volume });
      continue;
    }
    plan.groups.add(
      { claim, volume },
      uses.map(({ user }) => user),
    );
    for (const { user } of uses) problems.push(...whyStuck(user, nameOf(claim), cluster, selected));
  }

  for (const user of users.filter(selected)) {
    for (const volume of listOf(podSpec(user).volumes)) {
      const source = networkSources.find((name) => at(volume, name) !== undefined);
      if (source !== undefined && !isMountedReadOnly(user, volume)) {
        plan.groups.add(undefined, [user], `${source} ${JSON.stringify(at(volume, source))}`);
        problems.push(...whyStuck(user, `its ${source} volume`, cluster, selected));
      }
      const path = textAt(volume, "hostPath", "path");
      if (path === undefined || isMountedReadOnly(user, volume) || !isDataFolder(user, volume)) continue;
      if (isBelow(path, settings.shared)) {
        plan.groups.add(undefined, [user], `hostPath ${path}`);
        problems.push(...whyStuck(user, path, cluster, selected));
      } else if (settings.local !== "leave") problems.push(localProblem(nameOf(user), path));
    }
    // Whatever it does at its hours it must not do twice.
    if (kindOf(user) === "CronJob.batch" && !isStopped(user)) plan.groups.add(undefined, [user]);
  }

  const bound = new Set([...plan.shared, ...plan.groups.claims()].map(({ volume }) => idOf(volume)));
  for (const volume of objects.filter((object) => kindOf(object) === "PersistentVolume")) {
    if (bound.has(idOf(volume)) || leftOut.has(idOf(volume))) continue;
    leftOut.set(idOf(volume), "is bound to no claim that is copied: there is nothing to hand over");
  }
  return { groups: plan.groups.all(), shared: plan.shared, emptied: plan.emptied, leftOut, problems };
}

/** On one machine: by its source, or because it can be reached from one node only. */
export function isLocal(volume: KubeObject, { shared }: VolumeSettings): boolean {
  const paths = localSources.map((source) => textAt(volume, "spec", source, "path"));
  const path = paths.find((found) => found !== undefined);
  if (path !== undefined) return !isBelow(path, shared);
  return hostNames(volume).length > 0;
}

/** Where a volume's data are, for people. */
export function placeOf(volume: KubeObject): string {
  const path = textAt(volume, "spec", "hostPath", "path") ?? textAt(volume, "spec", "local", "path");
  const nodes = hostNames(volume);
  const where = nodes.length === 0 ? "" : ` of ${nodes.join(", ")}`;
  return path === undefined ? `volume ${volume.metadata.name}${where}` : `${path}${where}`;
}

const hostNameLabel = "kubernetes.io/hostname";

function hostNames(volume: KubeObject): string[] {
  const terms = listOf(at(volume, "spec", "nodeAffinity", "required", "nodeSelectorTerms"));
  return terms
    .flatMap((term) => listOf(at(term, "matchExpressions")))
    .filter((expression) => at(expression, "key") === hostNameLabel)
    .flatMap((expression) => listOf(at(expression, "values")).map(String));
}

/** As green gets it: kept when its claim goes, and bound to nobody else's. */
export function greenVolume(volume: KubeObject): KubeObject {
  const spec = fieldsOf(volume.spec);
  // A folder that is the same on all machines was pinned to one that green does not have.
  const kept = hostNames(volume).length === 0 ? spec : { ...spec, nodeAffinity: anyNode };
  return { ...volume, spec: { ...kept, persistentVolumeReclaimPolicy: "Retain" } };
}

/** Volumes of kind local must say on which nodes they are. */
const anyNode = {
  required: {
    nodeSelectorTerms: [{ matchExpressions: [{ key: hostNameLabel, operator: "Exists" }] }],
  },
};

function isBelow(path: string, folders: readonly string[] = []): boolean {
  const inside = (folder: string) => `${path}/`.startsWith(`${folder.replace(/\/+$/, "")}/`);
  return !path.split("/").includes("..") && folders.some(inside);
}

function localProblem(object: string, place: string): Problem {
  return {
    object,
    reason: `keeps data on a machine's own disk: ${place}`,
    next: "move the data to a network volume, exclude it, or let it stay behind: `volumes: {local: leave}`",
  };
}

export function holdsPods(object: KubeObject): boolean {
  const found = kindOf(object);
  return found === "Pod" || found === "Job.batch" || canBeStopped(object);
}

/** Whether it is made by another one of these, which is looked at instead. */
function isMade(object: KubeObject, cluster: Surroundings): boolean {
  const owner = cluster.byUid.get(controllerOf(object)?.uid ?? "");
  return owner !== undefined && holdsPods(owner);
}

interface Use {
  readonly readOnly: boolean;
}

/** How a workload uses a claim; nothing if it does not. */
function useOf(user: KubeObject, claim: KubeObject): Use[] {
  if (user.metadata.namespace !== claim.metadata.namespace) return [];
  const { name } = claim.metadata;
  const named = listOf(podSpec(user).volumes)
    .filter((volume) => textAt(volume, "persistentVolumeClaim", "claimName") === name)
    .map((volume) => ({ readOnly: isMountedReadOnly(user, volume) }));
  const templates = listOf(at(user, "spec", "volumeClaimTemplates"))
    .map((template) => `${textAt(template, "metadata", "name")}-${user.metadata.name}-`)
    .filter((prefix) => name.startsWith(prefix) && /^\d+$/.test(name.slice(prefix.length)))
    .map(() => ({ readOnly: false }));
  return [...named, ...templates];
}

function isMountedReadOnly(user: KubeObject, volume: unknown): boolean {
  const source = Object.values(fieldsOf(volume)).find(isFields);
  if (source?.readOnly === true) return true;
  const name = textAt(volume, "name");
  const spec = podSpec(user);
  const mounts = [...listOf(spec.initContainers), ...listOf(spec.containers)].flatMap((container) => [
    ...listOf(at(container, "volumeMounts")),
    // Block devices are never read-only to who has them.
    ...listOf(at(container, "volumeDevices")),
  ]);
  const own = mounts.filter((mount) => textAt(mount, "name") === name);
  return own.length > 0 && own.every((mount) => at(mount, "readOnly") === true);
}

function isReadOnlyClaim(claim: KubeObject): boolean {
  const modes = listOf(at(claim, "spec", "accessModes"));
  return modes.length > 0 && modes.every((mode) => mode === "ReadOnlyMany");
}

/** Agents that run on every machine look into that machine: what they find there belongs to it. Sockets hold no data. */
function isDataFolder(user: KubeObject, volume: unknown): boolean {
  const type = textAt(volume, "hostPath", "type") ?? "";
  return kindOf(user) !== "DaemonSet.apps" && !["Socket", "CharDevice", "BlockDevice", "File"].includes(type);
}

/** Why a workload that writes cannot be stopped and started by us. */
function whyStuck(
  user: KubeObject,
  what: string,
  cluster: Surroundings,
  selected: (object: KubeObject) => boolean,
): Problem[] {
  const problem = (reason: string, next: string) => [{ object: nameOf(user), reason, next }];
  // It ends by itself, and is waited for.
  if (kindOf(user) === "Job.batch") return [];
  if (!canBeStopped(user)) {
    return problem(
      `writes to ${what}, and nothing would start it again once it is stopped`,
      "run it by a Deployment or a StatefulSet, or delete it",
    );
  }
  if (isStopped(user)) return [];
  if (!selected(user)) {
    return problem(`writes to ${what}, which moves, and is itself not copied`, "copy both, or none");
  }
  const owner = cluster.byUid.get(controllerOf(user)?.uid ?? "");
  if (owner === undefined) return [];
  return problem(
    `writes to ${what}, and is scaled by ${nameOf(owner)}`,
    `have ${nameOf(owner)} scale it to none first, or exclude both`,
  );
}

/** Claims and workloads that hang together. */
class Grouping {
  private parts: { keys: Set<string>; claims: Claim[]; workloads: Map<string, KubeObject> }[] = [];

  /** `key`: of what is shared, if it is no claim. */
  add(claim: Claim | undefined, workloads: readonly KubeObject[], key?: string): void {
    const stoppable = workloads.filter(canBeStopped);
    const keys = [
      ...(claim === undefined ? [] : [idOf(claim.claim)]),
      ...(key === undefined ? [] : [key]),
      ...stoppable.map(idOf),
    ];
    const together = this.parts.filter((part) => keys.some((each) => part.keys.has(each)));
    const merged = {
      keys: new Set([...together.flatMap((part) => [...part.keys]), ...keys]),
      claims: [...together.flatMap((part) => part.claims), ...(claim === undefined ? [] : [claim])],
      workloads: new Map([
        ...together.flatMap((part) => [...part.workloads]),
        ...stoppable.map((workload) => [idOf(workload), workload] as const),
      ]),
    };
    this.parts = [...this.parts.filter((part) => !together.includes(part)), merged];
  }

  claims(): Claim[] {
    return this.parts.flatMap((part) => part.claims);
  }

  all(): Group[] {
    return this.parts
      .map(({ claims, workloads }) => {
        const [first] = [...claims.map(({ claim }) => claim), ...workloads.values()];
        return { name: first === undefined ? "" : nameOf(first), claims, workloads: [...workloads.values()] };
      })
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  }
}

/** What of a pod's spec says which claims it mounts. */
export function claimNames(spec: Fields): string[] {
  return listOf(spec.volumes).flatMap((volume) => textAt(volume, "persistentVolumeClaim", "claimName") ?? []);
}

// What a migration has done to blue, remembered in blue itself: in annotations of what it touched. So whoever runs it
// again, from wherever, knows as much as who was killed, and can bring it back.
import { cleaned, ownAnnotations } from "./clean.ts";
import {
  at,
  changed,
  type Fields,
  fieldsOf,
  idOf,
  isFields,
  type KubeObject,
  kindOf,
  omit,
  withValue,
} from "./objects.ts";

export const stoppedAnnotation = `${ownAnnotations}stopped`;
export const releasedAnnotation = `${ownAnnotations}released`;
export const policyAnnotation = `${ownAnnotations}reclaim-policy`;
/** A label that no node has. */
export const heldLabel = `${ownAnnotations}held`;

/** Where a workload of the kind says how much of it runs, and what says "none"; undefined if it cannot be stopped so. */
interface Switch {
  readonly path: readonly string[];
  readonly none: unknown;
  /** Where nothing is written. */
  readonly standard: unknown;
}
const replicas: Switch = { path: ["spec", "replicas"], none: 0, standard: 1 };
const switches: Readonly<Record<string, Switch>> = {
  "Deployment.apps": replicas,
  "StatefulSet.apps": replicas,
  "ReplicaSet.apps": replicas,
  ReplicationController: replicas,
  "CronJob.batch": { path: ["spec", "suspend"], none: true, standard: false },
  // It runs on every node that it selects.
  "DaemonSet.apps": {
    path: ["spec", "template", "spec", "nodeSelector", heldLabel],
    none: "true",
    standard: null,
  },
};

export function canBeStopped(workload: KubeObject): boolean {
  return switches[kindOf(workload)] !== undefined;
}

/** How much of it runs, as people say it: `3`, `suspended`. */
export function runs(workload: KubeObject): unknown {
  const { path, standard } = switches[kindOf(workload)] ?? replicas;
  return at(workload, ...path) ?? standard;
}

export function isStopped(workload: KubeObject): boolean {
  const found = switches[kindOf(workload)];
  return found !== undefined && at(workload, ...found.path) === found.none;
}

/** A copy of which nothing runs. */
export function held(workload: KubeObject): KubeObject {
  const found = switches[kindOf(workload)];
  return found === undefined ? workload : withValue(workload, found.path, found.none);
}

/** A merge patch that stops a workload, and no more. */
export function haltPatch(workload: KubeObject): Fields {
  return switchPatch(workload, undefined);
}

/** A merge patch that stops a workload and remembers what ran of it; what is remembered already stays. */
export function stopPatch(workload: KubeObject): Fields {
  const remembered = { [stoppedAnnotation]: JSON.stringify({ was: rememberedRuns(workload) }) };
  const { resourceVersion } = workload.metadata;
  // Whoever scales it meanwhile is not overwritten unseen: the patch is refused, and tried again on what is there then.
  return { ...switchPatch(workload, undefined), metadata: { annotations: remembered, resourceVersion } };
}

/** A merge patch that remembers that its pods are gone: from now on it may run elsewhere. */
export function gonePatch(workload: KubeObject): Fields {
  const remembered = JSON.stringify({ was: rememberedRuns(workload), gone: true });
  return { metadata: { annotations: { [stoppedAnnotation]: remembered } } };
}

export function isRememberedStopped({ metadata }: KubeObject): boolean {
  return metadata.annotations?.[stoppedAnnotation] !== undefined;
}

/** A merge patch that undoes it. */
export function startPatch(workload: KubeObject): Fields {
  const annotations = { [stoppedAnnotation]: null };
  return { ...switchPatch(workload, rememberedRuns(workload)), metadata: { annotations } };
}

function switchPatch(workload: KubeObject, value: unknown): Fields {
  const { path, none } = switches[kindOf(workload)] ?? replicas;
  return withValue({}, path, value === undefined ? none : value);
}

function rememberedRuns(workload: KubeObject): unknown {
  const remembered = parsed(workload.metadata.annotations?.[stoppedAnnotation]);
  return remembered === undefined ? runs(workload) : remembered.was;
}

/** A cluster as it was before anything was moved out of it, and what is moved already. */
export interface Before {
  readonly objects: readonly KubeObject[];
  /** Ids of workloads that a migration has stopped, and whose pods are gone. */
  readonly gone: ReadonlySet<string>;
  /** Ids of claims that a migration has released: they live in their volume's annotation. */
  readonly released: ReadonlySet<string>;
}

export function asBefore(objects: readonly KubeObject[]): Before {
  const present = new Set(objects.map(idOf));
  const gone = new Set<string>();
  const released = new Set<string>();
  const restored = objects.flatMap((object) => {
    const annotations = object.metadata.annotations ?? {};
    if (annotations[stoppedAnnotation] !== undefined && canBeStopped(object)) {
      if (parsed(annotations[stoppedAnnotation])?.gone === true) gone.add(idOf(object));
      return [restoredWorkload(object)];
    }
    if (kindOf(object) !== "PersistentVolume") return [object];
    const claim = rememberedClaim(object);
    if (claim === undefined || present.has(idOf(claim))) return [restoredVolume(object)];
    released.add(idOf(claim));
    return [restoredVolume(object), claim];
  });
  return { objects: restored, gone, released };
}

function restoredWorkload(workload: KubeObject): KubeObject {
  const { path } = switches[kindOf(workload)] ?? replicas;
  const was = rememberedRuns(workload);
  const [name = "", ...above] = [...path].reverse();
  const restored =
    was === null
      ? changed(workload, above.reverse(), (found) => omit(fieldsOf(found), [name]))
      : withValue(workload, path, was);
  return forgetting(restored, stoppedAnnotation);
}

function restoredVolume(volume: KubeObject): KubeObject {
  const policy = volume.metadata.annotations?.[policyAnnotation];
  const restored =
    policy === undefined ? volume : withValue(volume, ["spec", "persistentVolumeReclaimPolicy"], policy);
  return forgetting(forgetting(restored, policyAnnotation), releasedAnnotation);
}

function forgetting(object: KubeObject, annotation: string): KubeObject {
  return changed(object, ["metadata", "annotations"], (found) => omit(fieldsOf(found), [annotation]));
}

/** The claim as it was, bound to its volume; for the volume's annotation. */
export function claimText(claim: KubeObject, volume: string): string {
  return JSON.stringify(boundTo(cleaned(claim), volume));
}

/** Bound to a volume by name. What it was made of is in the volume by now. */
export function boundTo(claim: KubeObject, volume: string): KubeObject {
  const spec = omit(fieldsOf(claim.spec), ["dataSource", "dataSourceRef"]);
  return { ...claim, spec: { ...spec, volumeName: volume } };
}

export function rememberedClaim(volume: KubeObject): KubeObject | undefined {
  const claim = parsed(volume.metadata.annotations?.[releasedAnnotation]);
  return claim === undefined || !isFields(claim.metadata) ? undefined : (claim as KubeObject);
}

function parsed(text: string | undefined): Fields | undefined {
  if (text === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return isFields(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

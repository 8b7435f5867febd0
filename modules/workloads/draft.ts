// From what both clusters hold to what is to be done: pure.
import type { WorkloadsSpec } from "../spec/index.ts";
import { cleaned } from "./clean.ts";
import type { Kind } from "./kinds.ts";
import { ownNamespaces, type Surroundings, surroundings, whyLeftOut } from "./left-out.ts";
import { asBefore, type Before, boundTo, held, isStopped, policyAnnotation } from "./memory.ts";
import { fitNodePorts, type MovedPort } from "./node-ports.ts";
import {
  at,
  changed,
  idOf,
  type KubeObject,
  kindOf,
  nameOf,
  numberAt,
  type OwnerReference,
  textAt,
  withValue,
} from "./objects.ts";
import { type Stage, stageOf, stages } from "./order.ts";
import { type WorkloadRequests, workloadRequests } from "./requests.ts";
import { whyNotSelected } from "./selection.ts";
import { definitionName } from "./versions.ts";
import { greenById, routeOf, type Views } from "./view.ts";
import { type Claim, type Group, greenVolume, holdsPods, type Problem, planVolumes } from "./volumes.ts";

/** An object on its way. */
export interface Item {
  readonly id: string;
  /** As `Deployment shop/web`. */
  readonly name: string;
  readonly stage: Stage;
  readonly kind: Kind;
  /** What green is given; while it is held, nothing of it runs. */
  readonly manifest: KubeObject;
  /** As it was in blue, with what is born there. */
  readonly blue: KubeObject;
  readonly owners: readonly OwnerReference[];
  /** Its place in the stage: later ones wait for the earlier. */
  readonly turn: 0 | 1;
  /** The group that it moves with, if it cannot be on both sides. */
  readonly group: DraftGroup | undefined;
  /** Whether it is kept at none until its group has moved. */
  readonly held: boolean;
}

/** As it is given to green at first. */
export function givenOf({ manifest, held: isHeld }: Item): KubeObject {
  return isHeld ? held(manifest) : manifest;
}

export interface DraftGroup extends Group {
  /** Whether blue has let go of all of it. */
  readonly released: boolean;
}

export interface LeftOut {
  readonly object: string;
  readonly reason: string;
}

export interface Draft {
  /** In the order in which they are made. */
  readonly items: readonly Item[];
  readonly leftOut: readonly LeftOut[];
  readonly problems: readonly Problem[];
  readonly movedPorts: readonly MovedPort[];
  readonly groups: readonly DraftGroup[];
  readonly requests: WorkloadRequests;
  /** In namespaces that are copied: what only green has. */
  readonly onlyInGreen: readonly string[];
  readonly before: Before;
}

export function draftMigration(views: Views, settings: WorkloadsSpec): Draft {
  const before = asBefore(views.blue.objects);
  const cluster = surroundings(before.objects);
  const rules = settings.copy ?? {};
  const reasons = new Map<string, string>();
  for (const object of before.objects) {
    const reason = whyLeftOut(object, cluster) ?? whyNotSelected(object, rules);
    if (reason !== undefined) reasons.set(idOf(object), reason);
  }
  bringAlong(before.objects, reasons, views, cluster);
  const selected = (object: KubeObject) => !reasons.has(idOf(object));

  const volumes = planVolumes(cluster, selected, settings.volumes ?? {});
  for (const [id, reason] of volumes.leftOut) if (!reasons.has(id)) reasons.set(id, reason);
  const claims = [...volumes.shared, ...volumes.groups.flatMap((group) => group.claims)];
  // Volumes follow their claims, whatever the rules say of them.
  for (const { volume } of claims) reasons.delete(idOf(volume));

  const groups = volumes.groups.map((group) => ({ ...group, released: isReleased(group, before) }));
  const going = before.objects.filter(selected);
  const problems = [...going.flatMap((object) => unserved(object, views)), ...volumes.problems];
  const { items, moved } = itemsOf(
    going.filter((object) => routeOf(views, object)?.version !== undefined),
    { views, cluster, groups, shared: volumes.shared },
  );
  return {
    items,
    leftOut: before.objects.flatMap((object) => {
      const reason = reasons.get(idOf(object));
      return reason === undefined ? [] : [{ object: nameOf(object), reason }];
    }),
    problems: distinct(problems),
    movedPorts: moved,
    groups,
    requests: workloadRequests(going.filter(holdsPods)),
    onlyInGreen: onlyInGreen(views, before, going),
    before,
  };
}

/** Namespaces and definitions of what is copied come along, unless they are excluded. */
function bringAlong(
  objects: readonly KubeObject[],
  reasons: Map<string, string>,
  views: Views,
  cluster: Surroundings,
): void {
  for (const object of objects) {
    if (reasons.has(idOf(object))) continue;
    const { namespace } = object.metadata;
    const kind = routeOf(views, object)?.kind;
    const needed = [
      ...(namespace === undefined ? [] : [`Namespace /${namespace}`]),
      ...(kind === undefined
        ? []
        : [`CustomResourceDefinition.apiextensions.k8s.io /${definitionName(kind)}`]),
    ];
    for (const id of needed) {
      if (cluster.byId.has(id) && reasons.get(id) === "is not in copy.include") reasons.delete(id);
    }
  }
}

function unserved(object: KubeObject, views: Views): Problem[] {
  const route = routeOf(views, object);
  if (route === undefined || route.version !== undefined) return [];
  const { kind } = route;
  const there = views.green.kinds.byId.get(kind.id)?.versions;
  const green = there === undefined ? "no such kind" : there.join(", ");
  return [
    {
      object: nameOf(object),
      reason: `green serves ${green}; blue serves ${kind.id} as ${kind.versions.join(", ")}`,
      next: "exclude it, write it anew in a kind that green serves, or copy its definition too",
    },
  ];
}

/** That a workload is stopped is not enough: its last pods may still write. */
function isReleased({ claims, workloads }: Group, { gone, released }: Before): boolean {
  return (
    claims.every(({ claim }) => released.has(idOf(claim))) &&
    workloads.every((workload) => gone.has(idOf(workload)) || isStopped(workload))
  );
}

interface Surround {
  readonly views: Views;
  readonly cluster: Surroundings;
  readonly groups: readonly DraftGroup[];
  readonly shared: readonly Claim[];
}

function itemsOf(
  objects: readonly KubeObject[],
  { views, cluster, groups, shared }: Surround,
): { readonly items: readonly Item[]; readonly moved: readonly MovedPort[] } {
  const green = greenById(views);
  const groupOf = new Map(
    groups.flatMap((group) => [
      ...group.claims.flatMap(({ claim, volume }) => [
        [idOf(claim), group] as const,
        [idOf(volume), group] as const,
      ]),
      ...group.workloads.map((workload) => [idOf(workload), group] as const),
    ]),
  );
  const bindings = new Map(
    [...shared, ...groups.flatMap(({ claims }) => claims)].map(({ claim, volume }) => [
      idOf(claim),
      volume.metadata.name,
    ]),
  );
  const scaled = scaledByOthers(cluster);

  const services = objects.filter((object) => kindOf(object) === "Service");
  const ports = fitNodePorts(
    services.map(cleaned),
    [...green.values()].filter((object) => kindOf(object) === "Service"),
  );
  const fitted = new Map(ports.services.map((service) => [idOf(service), service]));
  const lost = new Set(ports.moved.map(({ service }) => service));

  const items = objects.map((blue): Item => {
    const id = idOf(blue);
    const route = routeOf(views, blue)!;
    const group = groupOf.get(id);
    const isHeld =
      group !== undefined && !group.released && group.workloads.some((each) => idOf(each) === id);
    const volume = bindings.get(id);
    let manifest = fitted.get(id) ?? cleaned(blue);
    if (kindOf(blue) === "PersistentVolume") manifest = withPolicy(greenVolume(manifest), blue);
    if (volume !== undefined) manifest = boundTo(manifest, volume);
    if (scaled.has(id)) manifest = withReplicasOf(manifest, green.get(id));
    return {
      id,
      name: nameOf(blue),
      stage: stageOf(blue, route.custom),
      kind: route.kind,
      manifest,
      blue,
      owners: blue.metadata.ownerReferences ?? [],
      // A node port that green chooses may be one that another Service wants to keep.
      turn: lost.has(nameOf(blue)) ? 1 : 0,
      group,
      held: isHeld,
    };
  });
  const place = ({ stage, turn }: Item) => stages.indexOf(stage) * 2 + turn;
  return { items: items.sort((a, b) => place(a) - place(b) || (a.id < b.id ? -1 : 1)), moved: ports.moved };
}

/** Its own policy is remembered: when blue is retired it comes back into force. */
function withPolicy(volume: KubeObject, blue: KubeObject): KubeObject {
  const policy = textAt(blue, "spec", "persistentVolumeReclaimPolicy");
  if (policy === undefined || policy === "Retain") return volume;
  return withValue(volume, ["metadata", "annotations", policyAnnotation], policy);
}

/** Ids of workloads that an autoscaler scales. */
function scaledByOthers({ byId }: Surroundings): ReadonlySet<string> {
  const scalers = [...byId.values()].filter(
    (object) => kindOf(object) === "HorizontalPodAutoscaler.autoscaling",
  );
  return new Set(
    scalers.map((scaler) => {
      const target = at(scaler, "spec", "scaleTargetRef");
      const [group = ""] = (textAt(target, "apiVersion") ?? "").split("/");
      const kind = `${textAt(target, "kind")}${group === "" || group === "v1" ? "" : `.${group}`}`;
      return `${kind} ${scaler.metadata.namespace ?? ""}/${textAt(target, "name")}`;
    }),
  );
}

/** What green's autoscaler has found is right there. */
function withReplicasOf(manifest: KubeObject, green: KubeObject | undefined): KubeObject {
  const replicas = numberAt(green, "spec", "replicas") ?? 0;
  return replicas < 1 ? manifest : changed(manifest, ["spec", "replicas"], () => replicas);
}

function onlyInGreen(views: Views, before: Before, going: readonly KubeObject[]): string[] {
  const blue = new Set(before.objects.map(idOf));
  const namespaces = new Set(going.map(({ metadata }) => metadata.namespace ?? ""));
  const cluster = surroundings(views.green.objects);
  return views.green.objects
    .filter(({ metadata }) => metadata.namespace !== undefined && namespaces.has(metadata.namespace))
    .filter(({ metadata }) => !ownNamespaces.includes(metadata.namespace ?? ""))
    .filter((object) => !blue.has(idOf(object)) && whyLeftOut(object, cluster) === undefined)
    .map(nameOf);
}

/** A claim that several read is told of once. */
function distinct(problems: readonly Problem[]): Problem[] {
  return [...new Map(problems.map((problem) => [`${problem.object} ${problem.reason}`, problem])).values()];
}

// Moves what may run on one side only: blue's writers stop, their pods go, blue lets go of the claims, green binds them,
// and only then green's writers start. Each step looks at what is there and does what is missing, so that whoever is
// killed in the middle runs it again.
import { type Api, reason } from "../kubernetes/index.ts";
import { LandfallError } from "../spec/index.ts";
import type { Copier } from "./copy.ts";
import type { DraftGroup, Item } from "./draft.ts";
import { type Kind, type Kinds, listObjects } from "./kinds.ts";
import {
  claimText,
  gonePatch,
  haltPatch,
  isRememberedStopped,
  isStopped,
  policyAnnotation,
  releasedAnnotation,
  rememberedClaim,
  startPatch,
  stopPatch,
} from "./memory.ts";
import { at, fieldsOf, idOf, type KubeObject, kindOf, nameOf, textAt } from "./objects.ts";
import type { MigrationOptions } from "./types.ts";
import { type Claim, claimNames } from "./volumes.ts";
import { applyObject, clockOf, deleteObject, getObject, patchObject, pause, persist } from "./write.ts";

const defaultTimeoutSeconds = 600;

/** One of the two clusters. */
export interface Side {
  /** As people are told of it. */
  readonly side: "blue" | "green";
  readonly api: Api;
  readonly kinds: Kinds;
}

export interface HandOver {
  readonly options: MigrationOptions;
  readonly group: DraftGroup;
  readonly blue: Side;
  readonly green: Side;
}

/** @throws {LandfallError} `writers-remain`, `claim-remains`, `claim-unbound` with the evidence. */
export async function moveGroup(
  hand: HandOver,
  copier: Copier,
  items: ReadonlyMap<string, Item>,
): Promise<void> {
  const { group, blue } = hand;
  const { claims, workloads } = group;
  if (!group.released) {
    for (const { volume } of claims) await retain(hand, volume);
    for (const workload of workloads) await stop(hand, workload);
    await podsGone(hand, blue);
    for (const workload of workloads) await rememberGone(hand, workload);
    for (const claim of claims) await release(hand, claim);
  }
  for (const claim of claims) await bind(hand, claim, copier, items);
  for (const workload of workloads) {
    const item = items.get(idOf(workload));
    if (item === undefined) continue;
    say(hand, `green: start ${nameOf(workload)}`);
    await copier.put(item, item.manifest);
  }
}

async function retain(hand: HandOver, volume: KubeObject): Promise<void> {
  const { blue } = hand;
  const live = await required(hand, blue, volume);
  const policy = textAt(live, "spec", "persistentVolumeReclaimPolicy") ?? "Retain";
  if (policy === "Retain" && live.metadata.annotations?.[policyAnnotation] !== undefined) return;
  say(hand, `blue: keep ${nameOf(volume)} when its claim goes`);
  const kept = await write(hand, blue, live, {
    metadata: { annotations: { [policyAnnotation]: policy } },
    spec: { persistentVolumeReclaimPolicy: "Retain" },
  });
  requireRetained(kept, "blue");
}

/** A claim that goes while its volume is not retained takes the data with it. */
function requireRetained(volume: KubeObject, side: string): void {
  if (textAt(volume, "spec", "persistentVolumeReclaimPolicy") === "Retain") return;
  throw new LandfallError("volume-not-retained", `${side}'s ${nameOf(volume)} would go with its claim`, {
    found: `persistentVolumeReclaimPolicy ${textAt(volume, "spec", "persistentVolumeReclaimPolicy")}`,
    expected: "Retain",
    next: "see who sets it back, then run it again",
  });
}

async function stop(hand: HandOver, workload: KubeObject): Promise<void> {
  const { blue, options } = hand;
  await persist(options, deadlineOf(hand), async () => {
    const live = await getObject(blue.api, kindIn(blue, workload), workload, options.signal);
    // Stopped, by whomever: there is nothing to remember.
    if (live === undefined || isStopped(live)) return;
    say(hand, `blue: stop ${nameOf(workload)}`);
    await patchObject(blue.api, kindIn(blue, workload), live, stopPatch(live));
  });
}

async function rememberGone(hand: HandOver, workload: KubeObject): Promise<void> {
  const live = await find(hand, hand.blue, workload);
  if (live !== undefined && isRememberedStopped(live)) await write(hand, hand.blue, live, gonePatch(live));
}

/** Waits until no pod is left that mounts one of the claims, or belongs to one of the workloads. */
async function podsGone(hand: HandOver, side: Side): Promise<void> {
  say(hand, `${side.side}: wait until none of their pods is left`);
  const { group } = hand;
  await until(hand, async () => {
    const left = [
      ...(await podsOf(hand, side)).map(podText),
      ...(await running(hand, side)),
      ...(await attached(hand, side)),
    ];
    if (left.length === 0) return undefined;
    return new LandfallError(
      "writers-remain",
      `${side.side} still writes to what is to move: ${group.name}`,
      {
        found: left.join("\n"),
        expected: "none of its pods left",
        next: "see why they do not end (`landfall kubectl CLUSTER -- describe pod ...`), then run it again: nothing has started on the other side",
      },
    );
  });
}

async function podsOf(hand: HandOver, side: Side): Promise<KubeObject[]> {
  const { group, options } = hand;
  const read = { signal: options.signal };
  const kinds = ["Pod", "ReplicaSet.apps", "Job.batch"].flatMap((id) => side.kinds.byId.get(id) ?? []);
  const [pods = [], ...makers] = await Promise.all(
    kinds.map((kind) => listObjects(side.api, kind, kind.versions[0]!, read)),
  );
  const workloads = await Promise.all(group.workloads.map((workload) => find(hand, side, workload)));
  const uids = new Set(workloads.map((workload) => workload?.metadata.uid ?? ""));
  const byUid = new Map(makers.flat().map((maker) => [maker.metadata.uid ?? "", maker]));
  const isTheirs = (object: KubeObject): boolean =>
    (object.metadata.ownerReferences ?? []).some(({ uid }) => {
      const maker = byUid.get(uid);
      return uids.has(uid) || (maker !== undefined && isTheirs(maker));
    });
  const claims = new Set(
    group.claims.map(({ claim }) => `${claim.metadata.namespace}/${claim.metadata.name}`),
  );
  return pods
    .filter((pod) => !["Succeeded", "Failed"].includes(textAt(pod, "status", "phase") ?? ""))
    .filter(
      (pod) =>
        isTheirs(pod) ||
        claimNames(fieldsOf(pod.spec)).some((name) => claims.has(`${pod.metadata.namespace}/${name}`)),
    );
}

function podText(pod: KubeObject): string {
  const node = textAt(pod, "spec", "nodeName") ?? "no node";
  const going = pod.metadata.deletionTimestamp === undefined ? "" : ", ending";
  return `${nameOf(pod)} on ${node}, ${textAt(pod, "status", "phase") ?? "no phase"}${going}`;
}

/** Workloads that somebody has started again. */
async function running(hand: HandOver, side: Side): Promise<string[]> {
  const found = await Promise.all(hand.group.workloads.map((workload) => find(hand, side, workload)));
  return found
    .filter((workload) => workload !== undefined)
    .filter((workload) => !isStopped(workload))
    .map((workload) => `${nameOf(workload)} was started again by somebody`);
}

/** Volumes that a machine still holds. */
async function attached(hand: HandOver, side: Side): Promise<string[]> {
  const kind = side.kinds.byId.get("VolumeAttachment.storage.k8s.io");
  if (kind === undefined || hand.group.claims.length === 0) return [];
  const volumes = new Set(hand.group.claims.map(({ volume }) => volume.metadata.name));
  const found = await listObjects(side.api, kind, kind.versions[0]!, { signal: hand.options.signal });
  return found
    .filter((each) => volumes.has(textAt(each, "spec", "source", "persistentVolumeName") ?? ""))
    .map(
      (each) =>
        `PersistentVolume ${textAt(each, "spec", "source", "persistentVolumeName")} is attached to ${textAt(each, "spec", "nodeName")}`,
    );
}

/** From here on no pod of blue can start with it, whoever asks for one: the claim is not there. */
async function release(hand: HandOver, { claim, volume }: Claim): Promise<void> {
  const { blue } = hand;
  const kept = await required(hand, blue, volume);
  const live = await find(hand, blue, claim);
  if (live === undefined && rememberedClaim(kept) !== undefined) return;
  say(hand, `blue: release ${nameOf(claim)}`);
  requireRetained(kept, "blue");
  const annotations = { [releasedAnnotation]: claimText(live ?? claim, volume.metadata.name) };
  await write(hand, blue, kept, { metadata: { annotations } });
  await removed(hand, blue, claim);
}

/** Deletes it and waits until it is no more. */
async function removed(hand: HandOver, side: Side, object: KubeObject): Promise<void> {
  const { options } = hand;
  await persist(options, deadlineOf(hand), () => deleteObject(side.api, kindIn(side, object), object));
  await until(hand, async () => {
    const live = await find(hand, side, object);
    if (live === undefined) return undefined;
    return new LandfallError("claim-remains", `${side.side} does not let go of ${nameOf(object)}`, {
      found: `it is held by ${(live.metadata.finalizers ?? []).join(", ") || "nothing that is known"}`,
      expected: `${nameOf(object)} gone`,
      next: "see what still uses it, then run it again",
    });
  });
}

async function bind(
  hand: HandOver,
  { claim, volume }: Claim,
  copier: Copier,
  items: ReadonlyMap<string, Item>,
): Promise<void> {
  say(hand, `green: bind ${nameOf(claim)}`);
  for (const object of [volume, claim]) {
    const item = items.get(idOf(object));
    if (item !== undefined) await copier.put(item, item.manifest);
    const outcome = copier.outcomes.get(idOf(object));
    if (outcome?.outcome === "blocked") throw unbound("green", claim, outcome.reason ?? "it is refused");
  }
  await boundIn(hand, hand.green, claim);
}

async function boundIn(hand: HandOver, side: Side, claim: KubeObject): Promise<void> {
  await until(hand, async () => {
    const live = await find(hand, side, claim);
    const phase = textAt(live, "status", "phase") ?? "no phase";
    return phase === "Bound" ? undefined : unbound(side.side, claim, `phase ${phase}`);
  });
}

function unbound(side: string, claim: KubeObject, found: string): LandfallError {
  return new LandfallError("claim-unbound", `${nameOf(claim)} is not bound in ${side}`, {
    found,
    expected: `bound to its volume`,
    next: "see its events, then run it again; `landfall migrate FROM TO --undo` gives it back to blue",
  });
}

/** Whether a migration has touched blue's part of the group. */
export async function isTouched(hand: HandOver): Promise<boolean> {
  const { group, blue } = hand;
  const volumes = await Promise.all(group.claims.map(({ volume }) => find(hand, blue, volume)));
  const workloads = await Promise.all(group.workloads.map((workload) => find(hand, blue, workload)));
  return (
    volumes.some((volume) => volume?.metadata.annotations?.[policyAnnotation] !== undefined) ||
    workloads.some((workload) => workload !== undefined && isRememberedStopped(workload))
  );
}

/** The way back, in the opposite order: never writers on both sides here either. `greenIsOff`: its machines have no power. */
export async function returnGroup(hand: HandOver, greenIsOff: boolean): Promise<void> {
  const { group, green } = hand;
  if (!greenIsOff) {
    for (const workload of group.workloads) await halt(hand, workload);
    await podsGone(hand, green);
    for (const claim of group.claims) await giveBack(hand, claim);
  }
  for (const claim of group.claims) await rebind(hand, claim);
  for (const workload of group.workloads) {
    const live = await find(hand, hand.blue, workload);
    if (live === undefined || !isRememberedStopped(live)) continue;
    say(hand, `blue: start ${nameOf(workload)}`);
    await write(hand, hand.blue, live, startPatch(live));
  }
}

async function halt(hand: HandOver, workload: KubeObject): Promise<void> {
  const live = await find(hand, hand.green, workload);
  if (live === undefined || isStopped(live)) return;
  say(hand, `green: stop ${nameOf(workload)}`);
  await write(hand, hand.green, live, haltPatch(live));
}

async function giveBack(hand: HandOver, { claim, volume }: Claim): Promise<void> {
  const { green } = hand;
  const live = await find(hand, green, volume);
  if (live !== undefined) {
    const kept = await write(hand, green, live, { spec: { persistentVolumeReclaimPolicy: "Retain" } });
    requireRetained(kept, "green");
  }
  say(hand, `green: release ${nameOf(claim)}`);
  await removed(hand, green, claim);
  await removed(hand, green, volume);
}

async function rebind(hand: HandOver, { claim, volume }: Claim): Promise<void> {
  const { blue, options } = hand;
  const live = await required(hand, blue, volume);
  const remembered = rememberedClaim(live);
  const policy = live.metadata.annotations?.[policyAnnotation];
  if (remembered !== undefined && (await find(hand, blue, claim)) === undefined) {
    say(hand, `blue: bind ${nameOf(claim)}`);
    // The volume still names the claim that is gone, by its uid.
    if (at(live, "spec", "claimRef", "uid") !== undefined) {
      await write(hand, blue, live, { spec: { claimRef: { uid: null, resourceVersion: null } } });
    }
    await persist(options, deadlineOf(hand), () => applyObject(blue.api, kindIn(blue, claim), remembered));
  }
  if (remembered !== undefined) await boundIn(hand, blue, claim);
  if (remembered === undefined && policy === undefined) return;
  await write(hand, blue, live, {
    metadata: { annotations: { [releasedAnnotation]: null, [policyAnnotation]: null } },
    ...(policy !== undefined && { spec: { persistentVolumeReclaimPolicy: policy } }),
  });
}

function kindIn({ kinds, side }: Side, object: KubeObject): Kind {
  const kind = kinds.byId.get(kindOf(object));
  if (kind !== undefined) return kind;
  throw new LandfallError("kind-unknown", `${side} serves no ${kindOf(object)}`);
}

async function find(hand: HandOver, side: Side, object: KubeObject): Promise<KubeObject | undefined> {
  const { options } = hand;
  return persist(options, deadlineOf(hand), () =>
    getObject(side.api, kindIn(side, object), object, options.signal),
  );
}

async function required(hand: HandOver, side: Side, object: KubeObject): Promise<KubeObject> {
  const found = await find(hand, side, object);
  if (found !== undefined) return found;
  throw new LandfallError("object-gone", `${side.side} has no ${nameOf(object)} any more`, {
    next: "see who took it away, then run it again",
  });
}

async function write(hand: HandOver, side: Side, object: KubeObject, patch: object): Promise<KubeObject> {
  const { options } = hand;
  return persist(options, deadlineOf(hand), () =>
    patchObject(side.api, kindIn(side, object), object, { ...patch }),
  );
}

function deadlineOf({ options }: HandOver): number {
  const seconds = options.settings?.volumes?.timeout ?? defaultTimeoutSeconds;
  return clockOf(options) + seconds * 1000;
}

/** Waits until `check` finds nothing wrong; its last finding is thrown when time is up. */
async function until(hand: HandOver, check: () => Promise<LandfallError | undefined>): Promise<void> {
  const deadline = deadlineOf(hand);
  let said = "";
  for (;;) {
    const wrong = await check();
    if (wrong === undefined) return;
    if (clockOf(hand.options) > deadline) throw wrong;
    const evidence = wrong.details.found ?? reason(wrong);
    if (evidence !== said) say(hand, evidence.replaceAll("\n", "; "));
    said = evidence;
    await pause(hand.options);
  }
}

function say({ options, group }: HandOver, text: string): void {
  options.onProgress?.(`${group.name}: ${text}`);
}

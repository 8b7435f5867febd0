// The whole of it, and the way back.
import type { Api } from "../kubernetes/index.ts";
import { allOutcomes, type Copier, openCopier } from "./copy.ts";
import { draftMigration, type Item } from "./draft.ts";
import { type HandOver, isTouched, moveGroup, returnGroup } from "./hand-over.ts";
import { discoverKinds, listObjects } from "./kinds.ts";
import { policyAnnotation } from "./memory.ts";
import { givenPort } from "./node-ports.ts";
import { itemsById, type Prepared, prepare, requireUnblocked } from "./prepare.ts";
import type { MigrationOptions, MigrationResult, Outcome } from "./types.ts";
import { readViews, type Views } from "./view.ts";
import { clockOf, type Patience, patchObject, persist } from "./write.ts";

/**
 * Copies blue's work to green; running it again changes nothing that is right already.
 * @param volumes `move`: what runs on one side only moves too. `stay`: it is copied, and held at none in green.
 * @throws {LandfallError} `migration-blocked` before anything is written, with all that stands in the way; while volumes
 *   move, `writers-remain`, `claim-remains`, `claim-unbound`.
 */
export async function migrate(
  options: MigrationOptions & { readonly volumes?: "move" | "stay" },
): Promise<MigrationResult> {
  const prepared = await prepare(options);
  requireUnblocked(prepared.plan);
  const { views, draft } = prepared;
  const copier = openCopier(options, views, draft);
  await copier.copyAll(draft.items.filter(isCopiedAtOnce));
  if (options.volumes !== "stay") await moveAll(options, prepared, copier);
  return result(prepared, copier);
}

/**
 * Moves what runs on one side only, once `migrate` with `volumes: "stay"` has copied the rest: the same steps, in the
 * same order, as `migrate` takes.
 */
export async function moveVolumes(options: MigrationOptions): Promise<readonly Outcome[]> {
  const prepared = await prepare(options);
  requireUnblocked(prepared.plan);
  const copier = openCopier(options, prepared.views, prepared.draft);
  await moveAll(options, prepared, copier);
  return [...copier.outcomes.values()];
}

export interface UndoOptions extends Omit<MigrationOptions, "to"> {
  /** Green. Undefined: its machines have no power, so that nothing of it can write. */
  readonly to: Api | undefined;
}

/**
 * Gives back to blue what was moved: green's writers stop, their pods go, green lets go of the claims, blue binds them,
 * and blue's workloads run as they did. What was only copied stays in green. Resolves to the names of the groups.
 * @throws {LandfallError} as `migrate`, with the sides exchanged.
 */
export async function undoMigration(options: UndoOptions): Promise<readonly string[]> {
  const { from, to = from, settings = {}, signal } = options;
  // Rules may have been changed since: whatever was moved goes back.
  const everything = { ...settings, copy: {} };
  const views = await readViews({ from, to, rules: {}, signal });
  const { groups } = draftMigration(views, everything);
  const returned: string[] = [];
  for (const group of [...groups].reverse()) {
    const hand = handOver({ ...options, to }, views, group);
    if (!(await isTouched(hand))) continue;
    await returnGroup(hand, options.to === undefined);
    returned.push(group.name);
  }
  return returned;
}

/**
 * Once blue is retired: green's volumes get the reclaim policy back that blue's had; until then they are kept whatever
 * happens. Resolves to their names.
 */
export async function settleVolumes(
  options: Patience & { readonly to: Api; readonly timeoutSeconds?: number },
): Promise<readonly string[]> {
  const { to, signal, timeoutSeconds = 60 } = options;
  const deadline = clockOf(options) + timeoutSeconds * 1000;
  const kind = (await discoverKinds(to, { signal })).byId.get("PersistentVolume");
  if (kind === undefined) return [];
  const volumes = await listObjects(to, kind, kind.versions[0]!, { signal });
  const unsettled = volumes.filter(({ metadata }) => metadata.annotations?.[policyAnnotation] !== undefined);
  for (const volume of unsettled) {
    const patch = {
      metadata: { annotations: { [policyAnnotation]: null } },
      spec: { persistentVolumeReclaimPolicy: volume.metadata.annotations?.[policyAnnotation] },
    };
    await persist(options, deadline, () => patchObject(to, kind, volume, patch));
  }
  return unsettled.map(({ metadata }) => metadata.name);
}

/** Claims and volumes that move wait for their writers to be gone. */
function isCopiedAtOnce({ group, stage }: Item): boolean {
  return group === undefined || group.released || stage !== "volumes";
}

async function moveAll(options: MigrationOptions, { views, draft }: Prepared, copier: Copier): Promise<void> {
  const items = itemsById(draft);
  for (const group of draft.groups) await moveGroup(handOver(options, views, group), copier, items);
}

function handOver(options: MigrationOptions, views: Views, group: HandOver["group"]): HandOver {
  return {
    options,
    group,
    blue: { side: "blue", api: options.from, kinds: views.blue.kinds },
    green: { side: "green", api: options.to, kinds: views.green.kinds },
  };
}

function result({ draft, plan }: Prepared, copier: Copier): MigrationResult {
  return {
    outcomes: allOutcomes(draft, copier.outcomes),
    leftOutKinds: plan.leftOutKinds,
    movedPorts: plan.movedPorts.map((port) => givenPort(port, [...copier.live.values()])),
    onlyInGreen: plan.onlyInGreen,
  };
}

// Writes objects into green, stage after stage, and keeps account of how each ended.
import PQueue from "p-queue";
import { type Api, reason } from "../kubernetes/index.ts";
import { withOwners } from "./clean.ts";
import { differences, overwritten } from "./differences.ts";
import { type Draft, givenOf, type Item } from "./draft.ts";
import type { KubeObject } from "./objects.ts";
import { stages } from "./order.ts";
import { atOnce } from "./rehearse.ts";
import type { MigrationOptions, Outcome } from "./types.ts";
import { isEstablished } from "./versions.ts";
import { greenById, type Views } from "./view.ts";
import { applyObject, clockOf, getObject, pause, persist } from "./write.ts";

export interface Copier {
  /** Writes one object; how it ended is in `outcomes`. Resolves to what is there then, or undefined if it is blocked. */
  readonly put: (item: Item, manifest: KubeObject) => Promise<KubeObject | undefined>;
  /** By id of the object. */
  readonly outcomes: ReadonlyMap<string, Outcome>;
  readonly live: ReadonlyMap<string, KubeObject>;
}

const defaultTimeoutSeconds = 600;

export function openCopier(
  options: MigrationOptions,
  views: Views,
  draft: Draft,
): Copier & { readonly copyAll: (items: readonly Item[]) => Promise<void> } {
  const { to, onProgress = () => {}, signal } = options;
  const deadline = clockOf(options) + (options.timeoutSeconds ?? defaultTimeoutSeconds) * 1000;
  const outcomes = new Map<string, Outcome>();
  const live = new Map(greenById(views));
  const idsByUid = new Map(draft.items.map(({ id, blue }) => [blue.metadata.uid ?? "", id]));
  const greenUid = (blueUid: string) => live.get(idsByUid.get(blueUid) ?? "")?.metadata.uid;

  async function put(item: Item, manifest: KubeObject): Promise<KubeObject | undefined> {
    const { id, name, kind, blue, owners } = item;
    const blocked = (why: string) => {
      outcomes.set(id, { object: name, outcome: "blocked", reason: why });
      return undefined;
    };
    const lacking = lackOf(item, outcomes);
    if (lacking !== undefined) return blocked(lacking);
    const before = live.get(id);
    const given = withOwners(manifest, owners, greenUid);
    try {
      const after = await persist(
        options,
        deadline,
        () => applyObject(to, kind, given),
        (evidence) => onProgress(`${name}: ${evidence}`),
      );
      live.set(id, after);
      const isSame = before?.metadata.resourceVersion === after.metadata.resourceVersion;
      // Written twice in a run, it is a copy all the same.
      const wasCopied = outcomes.get(id)?.outcome === "copied";
      const overwrote = before === undefined || isSame ? [] : overwritten(given, before);
      const differs = differences(blue, given, after);
      outcomes.set(id, {
        object: name,
        outcome: isSame && !wasCopied ? "same" : "copied",
        ...(overwrote.length > 0 && { overwrote }),
        ...(differs.length > 0 && { differences: differs }),
      });
      return after;
    } catch (error) {
      signal?.throwIfAborted();
      return blocked(reason(error));
    }
  }

  async function copyAll(items: readonly Item[]): Promise<void> {
    for (const stage of stages) {
      const here = items.filter((item) => item.stage === stage);
      if (here.length > 0) onProgress(`${stage}: ${here.length}`);
      for (const turn of [0, 1]) {
        const queue = new PQueue({ concurrency: atOnce });
        const now = here.filter((item) => item.turn === turn);
        await queue.addAll(now.map((item) => () => put(item, givenOf(item))));
      }
      if (stage === "definitions") await established(here);
    }
    // Owners that came after what they own.
    for (const item of items) {
      const known = item.owners.filter(({ uid }) => greenUid(uid) !== undefined);
      const written = live.get(item.id)?.metadata.ownerReferences ?? [];
      if (known.length > written.length) await put(item, givenOf(item));
    }
  }

  async function established(definitions: readonly Item[]): Promise<void> {
    for (const item of definitions) {
      while (outcomes.get(item.id)?.outcome !== "blocked") {
        const found = await persist(options, deadline, () => readBack(to, item, signal));
        if (isEstablished(found)) break;
        if (clockOf(options) > deadline) {
          outcomes.set(item.id, {
            object: item.name,
            outcome: "blocked",
            reason: "green's API does not serve it: it is not Established",
          });
        }
        await pause(options);
      }
    }
  }

  return { put, copyAll, outcomes, live };
}

function readBack(to: Api, { kind, manifest }: Item, signal: AbortSignal | undefined) {
  return getObject(to, kind, manifest, signal);
}

/** What it cannot be made without, and which could not be made. */
function lackOf({ manifest, kind }: Item, outcomes: ReadonlyMap<string, Outcome>): string | undefined {
  const needed = [
    `Namespace /${manifest.metadata.namespace ?? ""}`,
    `CustomResourceDefinition.apiextensions.k8s.io /${kind.plural}.${kind.group}`,
  ];
  const lacking = needed.map((id) => outcomes.get(id)).find((outcome) => outcome?.outcome === "blocked");
  return lacking === undefined ? undefined : `${lacking.object} could not be copied: ${lacking.reason}`;
}

/** Everything that was looked at, in the order in which it was to be made, with what is left out at the end. */
export function allOutcomes(draft: Draft, outcomes: ReadonlyMap<string, Outcome>): Outcome[] {
  return [
    ...draft.items.map(
      ({ id, name }) =>
        outcomes.get(id) ?? {
          object: name,
          outcome: "left out" as const,
          reason: "moves with its writers, which was not asked for: run it without --no-volumes",
        },
    ),
    ...draft.leftOut.map(({ object, reason: why }) => ({
      object,
      outcome: "left out" as const,
      reason: why,
    })),
  ];
}

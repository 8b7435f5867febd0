// What is read and tried before anything is written.
import { LandfallError } from "../spec/index.ts";
import { type Draft, type DraftGroup, draftMigration } from "./draft.ts";
import { leftOutKinds } from "./left-out.ts";
import { runs } from "./memory.ts";
import { type KubeObject, kindOf, nameOf } from "./objects.ts";
import { rehearse } from "./rehearse.ts";
import type { MigrationOptions, MigrationPlan } from "./types.ts";
import { readViews, type Views } from "./view.ts";
import type { Problem } from "./volumes.ts";

export interface Prepared {
  readonly views: Views;
  readonly draft: Draft;
  readonly plan: MigrationPlan;
}

export async function prepare(options: MigrationOptions): Promise<Prepared> {
  const { from, to, settings = {}, signal, onProgress } = options;
  onProgress?.("reading both clusters");
  const views = await readViews({ from, to, rules: settings.copy ?? {}, signal });
  const drafted = draftMigration(views, settings);
  onProgress?.(`showing ${drafted.items.length} objects to green's API, as a dry run`);
  const rehearsal = await rehearse({
    to,
    items: drafted.items,
    served: new Set(views.green.kinds.byId.keys()),
    namespaces: new Set(namespacesOf(views.green.objects)),
    signal,
    now: options.now,
    sleep: options.sleep,
  });
  const draft = {
    ...drafted,
    items: rehearsal.items,
    problems: [...drafted.problems, ...rehearsal.problems],
    movedPorts: [...drafted.movedPorts, ...rehearsal.movedPorts],
  };
  return { views, draft, plan: planOf(views, draft) };
}

/**
 * What a migration would do: nothing is changed by asking.
 * @throws nothing of its own: what stands in the way is in `blockers`.
 */
export async function planMigration(options: MigrationOptions): Promise<MigrationPlan> {
  return (await prepare(options)).plan;
}

function planOf(views: Views, draft: Draft): MigrationPlan {
  const there = [...views.blue.kinds.byId.keys()];
  return {
    objects: draft.items.map(({ name, stage }) => ({ object: name, stage })),
    leftOut: draft.leftOut,
    leftOutKinds: [
      ...there.flatMap((kind) => {
        const reason = leftOutKinds.get(kind);
        return reason === undefined ? [] : [{ kind, reason }];
      }),
      ...views.blue.kinds.aggregated.map((group) => ({
        kind: `*.${group}`,
        reason: "are kept by an API server of their own",
      })),
    ],
    blockers: draft.problems,
    movedPorts: draft.movedPorts,
    groups: draft.groups.map(plannedGroup),
    requests: draft.requests,
    onlyInGreen: draft.onlyInGreen,
  };
}

function plannedGroup(group: DraftGroup) {
  const { name, released } = group;
  return {
    name,
    claims: group.claims.map(({ claim }) => nameOf(claim)),
    workloads: group.workloads.map(nameOf),
    steps: stepsOf(group),
    released,
  };
}

/** The order is what keeps writers from being on both sides. */
export function stepsOf({ claims, workloads }: Pick<DraftGroup, "claims" | "workloads">): string[] {
  return [
    ...claims.map(({ volume }) => `blue: keep ${nameOf(volume)} when its claim goes`),
    ...workloads.map((workload) => `blue: stop ${nameOf(workload)} (${runsText(workload)})`),
    "blue: wait until none of their pods is left",
    ...claims.map(({ claim }) => `blue: release ${nameOf(claim)}`),
    ...claims.map(({ claim }) => `green: bind ${nameOf(claim)}`),
    ...workloads.map((workload) => `green: start ${nameOf(workload)} (${runsText(workload)})`),
  ];
}

function runsText(workload: KubeObject): string {
  const found = runs(workload);
  return typeof found === "number" ? `${found} ${found === 1 ? "replica" : "replicas"}` : "as it was";
}

function namespacesOf(objects: readonly KubeObject[]): string[] {
  return objects.filter((object) => kindOf(object) === "Namespace").map(({ metadata }) => metadata.name);
}

/** @throws {LandfallError} `migration-blocked` with all that stands in the way. */
export function requireUnblocked({ blockers }: Pick<MigrationPlan, "blockers">): void {
  if (blockers.length === 0) return;
  throw new LandfallError(
    "migration-blocked",
    `${blockers.length} ${blockers.length === 1 ? "object stands" : "objects stand"} in the way; nothing was copied`,
    {
      found: blockers.map(problemText).join("\n"),
      expected: "every object either copied whole or left out by a rule of yours",
      next: "See to each of them, then run it again: rules are written in green's file, `replacement.workloads`.",
    },
  );
}

export function problemText({ object, reason, next }: Problem): string {
  return `${object} ${reason}; ${next}`;
}

export function itemsById(draft: Draft): ReadonlyMap<string, Draft["items"][number]> {
  return new Map(draft.items.map((item) => [item.id, item]));
}

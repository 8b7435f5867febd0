// What `landfall status --watch` knows at a moment.
import type { MachineView, ReplacementView } from "../../boot/index.ts";
import type { HealthReport } from "../../health/index.ts";

export interface Watched {
  readonly cluster: string;
  /** In the plan's order. Before anything was heard: none. */
  readonly machines: readonly MachineView[];
  readonly conditions: HealthReport["conditions"];
  /** That the cluster is a part of, the latest first. */
  readonly replacements: readonly ReplacementView[];
  /** It was retired while somebody looked: there is nothing to be checked any more. */
  readonly gone: boolean;
  /** When they were checked. */
  readonly checked: Date | undefined;
  /** What keeps it from knowing more, for people. */
  readonly troubles: readonly string[];
}

/** Those that are known, as they are now, then those that came; what left stays in sight. */
export function allMachines<T extends { readonly name: string }>(
  known: readonly T[],
  now: readonly T[],
): T[] {
  const byName = new Map([...known, ...now].map((machine) => [machine.name, machine]));
  return [...byName.values()];
}

/** When all conditions held, as far as they were looked at last. */
export function provenAt({ conditions, checked }: Watched): string | undefined {
  return conditions.length > 0 && conditions.every(({ ok }) => ok) ? checked?.toISOString() : undefined;
}

/** One thing that changed: a line for those who read no screens. */
export type Change =
  | { readonly type: "machine"; readonly machine: MachineView }
  | { readonly type: "condition"; readonly condition: HealthReport["conditions"][number] }
  | { readonly type: "replacement"; readonly replacement: Omit<ReplacementView, "steps"> }
  | {
      readonly type: "step";
      /** Of the replacement. */
      readonly green: string;
      readonly step: ReplacementView["steps"][number];
    }
  | { readonly type: "trouble"; readonly what: string };

/** What changed between two moments; from nothing: all of it. */
export function changes(before: Watched | undefined, after: Watched): Change[] {
  const machines = new Map(before?.machines.map((machine) => [machine.mac, JSON.stringify(machine)]));
  const conditions = new Map(before?.conditions.map(({ name, ok }) => [name, ok]));
  return [
    ...after.machines
      .filter((machine) => machines.get(machine.mac) !== JSON.stringify(machine))
      .map((machine) => ({ type: "machine", machine }) as const),
    ...after.conditions
      .filter(({ name, ok }) => conditions.get(name) !== ok)
      .map((condition) => ({ type: "condition", condition }) as const),
    ...after.replacements.flatMap((each) =>
      replacementChanges(
        before?.replacements.find(({ green }) => green === each.green),
        each,
      ),
    ),
    ...after.troubles
      .filter((what) => !before?.troubles.includes(what))
      .map((what) => ({ type: "trouble", what }) as const),
  ];
}

/** Its steps, then the whole: of the first news, the steps that are not to come. */
function replacementChanges(before: ReplacementView | undefined, after: ReplacementView): Change[] {
  const { steps, ...replacement } = after;
  const changed = steps.filter(
    ({ state }, index) => state !== "pending" && state !== before?.steps[index]?.state,
  );
  const same = before?.state === after.state && before.share === after.share;
  return [
    ...changed.map((step) => ({ type: "step", green: after.green, step }) as const),
    ...(same ? [] : [{ type: "replacement", replacement } as const]),
  ];
}

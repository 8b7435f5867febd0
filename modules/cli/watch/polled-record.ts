// A machine behind Matchbox, which tells nothing of machines: what its BMC, its console and the deploy's own records
// say, in the shape that Landfall's boot service would have it. Pure.
import {
  type MachineRecord,
  type MachineView,
  machineView,
  type SoftTimeouts,
  stages,
} from "../../boot/index.ts";
import type { MachinePlan, Plan } from "../../plan/index.ts";
import { failureOf, stageOf } from "../console.ts";
import type { MachineRecord as StepRecord } from "../run-record.ts";

export interface Polled {
  /** Or why it cannot be told. */
  readonly power: "on" | "off" | { readonly unknown: string };
  readonly console: string | undefined;
  readonly steps: StepRecord | undefined;
}

/** When a stage of a machine was first seen: consoles bear no times. */
export type Seen = Map<string, MachineRecord["stages"][number]>;

export function polledView(
  plan: Pick<Plan, "cluster" | "site">,
  machine: MachinePlan,
  polled: Polled,
  seen: Seen,
  now: Date,
  timeouts: SoftTimeouts,
): MachineView {
  const view = machineView(polledRecord(plan, machine, polled, seen, now), now, timeouts);
  const { power } = polled;
  if (power === "on") return view;
  const { percent: _, waitsFor: __, flagged: ___, since: ____, ...rest } = view;
  return power === "off"
    ? {
        ...rest,
        signal: polled.steps?.started === undefined ? "idle" : "look",
        state: "off",
        next: `${machine.name} is switched off; its name on the command line switches it on: landfall power on ${machine.name}.`,
      }
    : { ...view, signal: "look", next: `The BMC of ${machine.name} does not answer: ${power.unknown}` };
}

function polledRecord(
  { cluster, site }: Pick<Plan, "cluster" | "site">,
  { mac, name, role, pool, address, rack, position }: MachinePlan,
  { console, steps }: Polled,
  seen: Seen,
  now: Date,
): MachineRecord {
  const generation = steps?.generation ?? "";
  const started = steps?.started;
  const stage = stages.find((each) => each === stageOf(console));
  if (stage !== undefined && seen.get(name)?.stage !== stage)
    seen.set(name, { stage, at: now.toISOString() });
  const reached = stage === undefined ? [] : [seen.get(name)!];
  const reason = failureOf(console);
  const installed = steps?.delivered ?? (isInstalled(stage) ? reached[0]?.at : undefined);
  return {
    mac,
    name,
    site,
    ...(rack !== undefined && { rack }),
    ...(position !== undefined && { position }),
    role,
    pool,
    address,
    ...(started !== undefined && {
      order: {
        id: "0".repeat(32),
        kind: "install",
        state:
          reason !== undefined ? "failed" : installed ? "done" : stage === undefined ? "armed" : "running",
        cluster,
        generation,
        made: started,
        // Matchbox's answers do not expire.
        expires: "9999-12-31T00:00:00Z",
        boots: 0,
        ...(stage !== undefined && { taken: started }),
        ...(reason !== undefined && { reason }),
      },
    }),
    ...(installed !== undefined && { installed: { cluster, generation, since: installed } }),
    stages: [...(started === undefined ? [] : [{ stage: "power" as const, at: started }]), ...reached],
    console: (console ?? "")
      .split(/\r?\n/)
      .filter((line) => line !== "")
      .slice(-20),
  };
}

function isInstalled(stage: MachineRecord["stages"][number]["stage"] | undefined): boolean {
  return stage !== undefined && stages.indexOf(stage) >= stages.indexOf("installed");
}

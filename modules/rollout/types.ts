// What the replacement of blue by green is made of.
import type { ClusterId, Plan } from "../plan/types.ts";
import type { ReplacementSpec } from "../spec/index.ts";

/** An amount of work, or of room for it. */
export interface Amount {
  readonly machines: number;
  /** Thousandths of a core. Undefined: not known, and machines are counted instead. */
  readonly cpu?: number;
  /** Bytes. */
  readonly memory?: number;
}

export interface Size {
  /** Thousandths of a core. */
  readonly cpu: number;
  /** Bytes. */
  readonly memory: number;
}

/** What workloads request. */
export interface Demand extends Size {
  /** The pool whose taints they tolerate: they run there and nowhere else. Undefined: any pool without taints. */
  readonly pool?: string;
}

/** What is known of blue's work. */
export interface Load {
  /** What machines offer to workloads. One that is not here is taken for the smallest that is. */
  readonly sizes: ReadonlyMap<string, Size>;
  readonly demands: readonly Demand[];
}

/** Estimates, in seconds. */
export interface Timing {
  /** From power-on until a cluster of such machines is healthy. */
  readonly land: number;
  /** Of the machines of one wave, besides their landing: drained, switched off, wiped. */
  readonly leave: number;
  readonly migrate: number;
  /** Of a change of the traffic's shares. */
  readonly shift: number;
  readonly archive: number;
  readonly retire: number;
  readonly check: number;
}

export interface Check {
  readonly name: string;
  /** Either `command`, or `job`. */
  readonly command?: readonly string[];
  /** A manifest's file, relative to green's file. */
  readonly job?: string;
  readonly after: "landing" | "migration";
  /** Seconds. */
  readonly timeout: number;
}

export interface Canary {
  /** Percent. */
  readonly share: number;
  readonly seconds: number;
  readonly check: readonly string[];
  readonly timeout: number;
}

/** The block `replacement`, all defaults filled in. */
export interface Replacement {
  /** Machines, or percent of blue's workers. */
  readonly waves: { readonly machines: number } | { readonly percent: number };
  /** Percent. */
  readonly capacity: number;
  readonly soak: number;
  readonly checks: readonly Check[];
  readonly canary: Canary | undefined;
  readonly hold: number;
}

export interface RolloutInput {
  /** As it was deployed. */
  readonly blue: Plan;
  /** As its file says, whoever holds its machines so far. */
  readonly green: Plan;
  readonly replacement: ReplacementSpec | undefined;
  /** Who holds a machine; free ones are not in it. */
  readonly holders: ReadonlyMap<string, ClusterId>;
  /** Machines of the site that nobody holds, and no file names. */
  readonly spares: readonly string[];
  /** Undefined when blue could not be asked. */
  readonly load: Load | undefined;
  readonly timing: Timing;
}

/** Room in each cluster for what blue's workloads request. */
export interface Room {
  readonly blue: Amount;
  readonly green: Amount;
}

interface StepOf<Kind extends string> {
  /** Unique in the plan; what the journal knows it by. */
  readonly id: string;
  readonly kind: Kind;
  /** An estimate. */
  readonly seconds: number;
  /** While it is done, and after: the least of both. */
  readonly room: Room;
  /** Whether `--abort` can still take it back. */
  readonly reversible: boolean;
}

/** Green comes up on these, and is proven healthy. */
export interface LandStep extends StepOf<"land"> {
  readonly machines: readonly string[];
}
export interface SoakStep extends StepOf<"soak"> {
  readonly soak: number;
}
export interface CheckStep extends StepOf<"check"> {
  readonly check: Check;
}
/** These leave blue, and come to green. */
export interface WaveStep extends StepOf<"wave"> {
  /** From 1. */
  readonly wave: number;
  readonly machines: readonly string[];
}
export interface MigrateStep extends StepOf<"migrate"> {}
export interface CanaryStep extends StepOf<"canary"> {
  readonly canary: Canary;
}
export interface CutOverStep extends StepOf<"cut-over"> {}
export interface HoldStep extends StepOf<"hold"> {
  readonly hold: number;
}
export interface ArchiveStep extends StepOf<"archive"> {}
/** Blue ends; what it still held is free. */
export interface RetireStep extends StepOf<"retire"> {
  readonly machines: readonly string[];
}
/** Green takes those of its machines that were blue's to the end, if any, and is proven healthy without blue. */
export interface SettleStep extends StepOf<"settle"> {
  readonly machines: readonly string[];
}

export type Step =
  | LandStep
  | SoakStep
  | CheckStep
  | WaveStep
  | MigrateStep
  | CanaryStep
  | CutOverStep
  | HoldStep
  | ArchiveStep
  | RetireStep
  | SettleStep;

export interface RolloutPlan {
  readonly name: string;
  readonly blue: ClusterId;
  readonly green: ClusterId;
  /** Kubernetes releases. */
  readonly releases: { readonly blue: string; readonly green: string };
  readonly steps: readonly Step[];
  /** What one cluster must have room for, as percent of what workloads request are asked for. */
  readonly needed: Amount;
  /** Of all machines that either names, blue's first. */
  readonly machines: readonly MachineMove[];
  /** What was taken for true without being known, as sentences. */
  readonly assumptions: readonly string[];
  /** Of all steps. */
  readonly seconds: number;
}

export interface MachineMove {
  readonly machine: string;
  /** Pool in blue; undefined: it is free. */
  readonly from: string | undefined;
  /** Pool in green; undefined: it is free in the end. */
  readonly to: string | undefined;
  /** The step in which it goes. */
  readonly step: string;
}

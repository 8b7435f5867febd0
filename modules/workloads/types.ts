// What a migration is asked, and what it answers. All of it can be shown: no object's contents are in it.
import type { Api } from "../kubernetes/index.ts";
import type { WorkloadsSpec } from "../spec/index.ts";
import type { Difference } from "./differences.ts";
import type { LeftOut } from "./draft.ts";
import type { MovedPort } from "./node-ports.ts";
import type { WorkloadRequests } from "./requests.ts";
import type { Problem } from "./volumes.ts";
import type { Patience } from "./write.ts";

export interface MigrationOptions extends Patience {
  /** Blue. */
  readonly from: Api;
  /** Green. */
  readonly to: Api;
  /** `replacement.workloads` of green's file. Default: everything is copied. */
  readonly settings?: WorkloadsSpec | undefined;
  /** A line for people: what is being done, or waited for. */
  readonly onProgress?: ((line: string) => void) | undefined;
  /** Until all is copied. Default: 600 s. */
  readonly timeoutSeconds?: number | undefined;
}

export interface PlannedGroup {
  /** Of its first claim, or its only workload. */
  readonly name: string;
  readonly claims: readonly string[];
  readonly workloads: readonly string[];
  /** In words, in order. */
  readonly steps: readonly string[];
  /** Whether blue has let go of it already. */
  readonly released: boolean;
}

export interface MigrationPlan {
  /** In the order in which they are made. */
  readonly objects: readonly { readonly object: string; readonly stage: string }[];
  readonly leftOut: readonly LeftOut[];
  /** Kinds that are left out as a whole, by reason. */
  readonly leftOutKinds: readonly { readonly kind: string; readonly reason: string }[];
  /** While there is one nothing is copied. */
  readonly blockers: readonly Problem[];
  readonly movedPorts: readonly MovedPort[];
  /** What runs on one side only, and moves. */
  readonly groups: readonly PlannedGroup[];
  /** What blue's workloads ask of machines. */
  readonly requests: WorkloadRequests;
  /** In namespaces that are copied: what only green has. It stays. */
  readonly onlyInGreen: readonly string[];
}

/** How an object ended. */
export interface Outcome {
  readonly object: string;
  readonly outcome: "copied" | "same" | "left out" | "blocked";
  /** Of what is left out, or blocked. */
  readonly reason?: string;
  /** What was different in green before, with who had made it so. */
  readonly overwrote?: readonly Difference[];
  /** What differs between the clusters now. */
  readonly differences?: readonly Difference[];
}

export interface MigrationResult {
  readonly outcomes: readonly Outcome[];
  readonly leftOutKinds: MigrationPlan["leftOutKinds"];
  readonly movedPorts: readonly MovedPort[];
  readonly onlyInGreen: readonly string[];
}

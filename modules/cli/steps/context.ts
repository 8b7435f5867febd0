import { isLeaving } from "../../claims/index.ts";
import type { MachinePlan, Plan } from "../../plan/index.ts";
import { LandfallError } from "../../spec/error.ts";
import { readClaim } from "../claims.ts";
import type { PowerContext } from "../power-deps.ts";
import type { RunRecord } from "../run-record.ts";
import type { Workspace } from "../workspace.ts";

/** What each step is given. */
export interface StepContext {
  readonly workspace: Workspace;
  readonly run: RunRecord;
  /** Aborted when the step is to end: Terraform was interrupted. */
  readonly signal: AbortSignal;
  readonly now: () => Date;
  /** A line of progress about a machine, or a part of the cluster. */
  readonly say: (who: string, text: string) => void;
}

/** @throws {LandfallError} `machine-unknown` */
export function machineOf(plan: Plan, name: string): MachinePlan {
  const machine = plan.machines.find((each) => each.name === name);
  if (machine !== undefined) return machine;
  throw new LandfallError("machine-unknown", `${plan.cluster} has no machine ${name}`, {
    found: name,
    expected: plan.machines.map((each) => each.name).join(", "),
  });
}

/** Whether a machine is on its way out of the cluster: no step may start it, or hand it anything; says so. */
export function letAlone(
  { workspace, run, say }: Pick<StepContext, "workspace" | "run" | "say">,
  name: string,
): boolean {
  const claim = readClaim(workspace, run.plan.site, name);
  if (!isLeaving(claim, run.plan.cluster)) return false;
  say(name, `on its way to ${claim?.handover?.to}, left as it is`);
  return true;
}

/** How a step switches a machine: within what its rack's breakers bear, and telling a person in its progress. */
export function powerContext({ run, say }: Pick<StepContext, "run" | "say">, name: string): PowerContext {
  const { site, power: limits } = run.plan;
  return {
    rack: { site, limits },
    tell: (sentence) => say(name, sentence),
  };
}

/** Whether a machine has no disk of its own: with its power, its system and its keys are gone. */
export function inMemory({ machines, pools }: Plan, name: string): boolean {
  const pool = machines.find((machine) => machine.name === name)?.pool;
  return pools.find((each) => each.name === pool)?.disk === undefined;
}

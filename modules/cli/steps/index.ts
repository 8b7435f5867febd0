// `landfall step NAME`: what Terraform runs. Each is a short process of its own, and loads only what it needs.
import { LandfallError } from "../../spec/error.ts";
import { readRun, writeDone } from "../run-record.ts";
import type { StepContext } from "./context.ts";
import type { Step } from "./names.ts";

export interface StepTarget {
  readonly cluster: string;
  readonly machine?: string | undefined;
  /** Id of the resource whose step this is; none when a person runs it. */
  readonly resource?: string | undefined;
}

/** Runs one step to its end. All of them may run again, whatever became of the run before. */
export async function runStep(
  step: Step,
  { cluster, machine, resource }: StepTarget,
  world: Omit<StepContext, "run">,
): Promise<void> {
  const { workspace } = world;
  if (step === "retire") {
    const { retireCluster, retireMachine } = await import("./retire.ts");
    return machine === undefined ? retireCluster(workspace, cluster) : retireMachine(world, cluster, machine);
  }
  await perform(step, machine, { ...world, run: readRun(workspace, cluster) });
  if (resource !== undefined) writeDone(workspace, cluster, { step, machine }, resource);
}

async function perform(
  step: Exclude<Step, "retire">,
  machine: string | undefined,
  context: StepContext,
): Promise<void> {
  switch (step) {
    case "release":
      return (await import("./release.ts")).releaseStep(context);
    case "power":
      return (await import("./power.ts")).powerStep(context, need(step, machine));
    case "deliver":
      return (await import("./deliver.ts")).deliverStep(context, need(step, machine));
    case "addons":
      return (await import("./addons.ts")).addonsStep(context);
    case "health":
      return (await import("./health.ts")).healthStep(context);
  }
}

function need(step: Step, machine: string | undefined): string {
  if (machine !== undefined) return machine;
  throw new LandfallError("usage", `the step ${step} is about one machine`, { expected: "--machine NAME" });
}

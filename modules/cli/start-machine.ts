import type { MachinePlan } from "../plan/index.ts";
import type { Power } from "../power/index.ts";
import { writeMachine } from "./run-record.ts";
import type { StepContext } from "./steps/context.ts";

/** Starts a machine into the network, whatever it was doing. What was recorded of it before counts no more. */
export async function startIntoNetwork(
  { workspace, run, say, now }: Pick<StepContext, "workspace" | "run" | "say" | "now">,
  machine: MachinePlan,
  power: Power,
): Promise<void> {
  const record = { machine, generation: run.generation };
  writeMachine(workspace, run.plan.cluster, record);
  if ((await power.state()) === "on") {
    say(machine.name, "power off");
    await power.off();
  }
  await power.bootFromNetworkOnce();
  await power.on();
  writeMachine(workspace, run.plan.cluster, { ...record, started: now().toISOString() });
  say(machine.name, "power on, starts from the network");
}

import type { MachinePlan } from "../plan/index.ts";
import type { Power } from "../power/index.ts";
import { orderBoot } from "./boot-orders.ts";
import { writeMachine } from "./run-record.ts";
import type { StepContext } from "./steps/context.ts";

/**
 * Starts a machine into the network, whatever it was doing. What was recorded of it before counts no more; why it could
 * not be started does, for those who would wait for it. One that is installed, and has only not been heard of since, starts
 * from its disk.
 */
export async function startIntoNetwork(
  { workspace, run, say, now, signal }: Pick<StepContext, "workspace" | "run" | "say" | "now" | "signal">,
  machine: MachinePlan,
  power: Power,
): Promise<void> {
  const record = { machine, generation: run.generation };
  const remember = (change: { started?: string; failed?: string }) =>
    writeMachine(workspace, run.plan.cluster, { ...record, ...change });
  remember({});
  try {
    if ((await power.state()) === "on") {
      say(machine.name, "power off");
      await power.off();
    }
    const network = await orderBoot(run, machine, signal);
    if (network) await power.bootFromNetworkOnce();
    await power.on();
    remember({ started: now().toISOString() });
    say(machine.name, network ? "power on, starts from the network" : "power on, starts from its own disk");
  } catch (error) {
    if (!signal.aborted) remember({ failed: error instanceof Error ? error.message : String(error) });
    throw error;
  }
}

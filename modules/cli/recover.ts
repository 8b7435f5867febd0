import { openPower } from "../power/index.ts";
import { powerDeps } from "./power-deps.ts";
import { readMachine } from "./run-record.ts";
import { startIntoNetwork } from "./start-machine.ts";
import { inMemory, letAlone, powerContext, type StepContext } from "./steps/context.ts";
import { deliverStep } from "./steps/deliver.ts";

/**
 * Gives machines in service back what they lost: power, and those that run from memory their keys, which go with it.
 * What cannot be given is said, and left for the health conditions to tell.
 */
export async function recover(context: StepContext): Promise<void> {
  const { workspace, run, say, signal } = context;
  await Promise.all(
    run.plan.machines.map(async (machine) => {
      const { name, bmc } = machine;
      const record = readMachine(workspace, run.plan.cluster, name);
      // A start from memory makes what was delivered count no more: where the command ended before the next delivery, this
      // one goes on.
      if (record === undefined || (record.delivered === undefined && !inMemory(run.plan, name))) return;
      if (letAlone(context, name)) return;
      const power = openPower(bmc, powerDeps(workspace, powerContext(context, name)), {
        signal,
        timeoutSeconds: 30,
      });
      try {
        const on = (await power.state()) === "on";
        if (inMemory(run.plan, name)) {
          if (!on) await startIntoNetwork(context, machine, power);
          await deliverStep(context, name);
        } else if (!on) {
          say(name, "in service, power on from its own disk");
          await power.on();
        }
      } catch (error) {
        signal.throwIfAborted();
        say(name, error instanceof Error ? error.message : String(error));
      }
    }),
  );
}

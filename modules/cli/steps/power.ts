import { openPower } from "../../power/index.ts";
import { takeClaim } from "../claims.ts";
import { powerDeps } from "../power-deps.ts";
import { readMachine } from "../run-record.ts";
import { startIntoNetwork } from "../start-machine.ts";
import { inMemory, letAlone, machineOf, powerContext, type StepContext } from "./context.ts";

/**
 * Starts a machine into the network, once in its landing. A machine in service keeps its power, whatever changed: what
 * is on its disk stays until the cluster's next version; one that an earlier, interrupted step has started goes on.
 */
export async function powerStep(context: StepContext, name: string): Promise<void> {
  const { workspace, run, say, signal } = context;
  const { cluster } = run.plan;
  const machine = machineOf(run.plan, name);
  if (letAlone(context, name)) return;
  takeClaim(workspace, run.plan.site, name, cluster, context.now());
  const power = openPower(machine.bmc, powerDeps(workspace, powerContext(context, name)), { signal });
  const before = readMachine(workspace, cluster, name);
  const mine = before?.generation === run.generation ? before : undefined;
  const on = (await power.state()) === "on";

  if (mine?.delivered !== undefined) {
    if (on) return say(name, "in service, left as it is; what changed applies to its next install");
    if (!inMemory(run.plan, name)) {
      say(name, "in service, power on from its own disk");
      return power.on();
    }
  }
  if (mine?.started !== undefined && on) return say(name, "started already");
  await startIntoNetwork(context, machine, power);
}

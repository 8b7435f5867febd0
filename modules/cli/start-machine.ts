import type { MachinePlan, Plan } from "../plan/index.ts";
import { openPower, type Power } from "../power/index.ts";
import { powerDeps } from "./power-deps.ts";
import { readMachine, writeMachine } from "./run-record.ts";
import type { StepContext } from "./steps/context.ts";
import type { Workspace } from "./workspace.ts";

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

/** Starts the machines in service that have no power, each from its own disk. A BMC that does not answer is left alone. */
export async function powerOnInService(
  workspace: Workspace,
  { cluster, machines }: Plan,
  signal: AbortSignal,
  say: StepContext["say"],
): Promise<void> {
  await Promise.all(
    machines.map(async ({ name, bmc }) => {
      if (readMachine(workspace, cluster, name)?.delivered === undefined) return;
      const power = openPower(bmc, powerDeps(workspace), { signal, timeoutSeconds: 30 });
      try {
        if ((await power.state()) === "on") return;
        say(name, "in service, power on from its own disk");
        await power.on();
      } catch (error) {
        signal.throwIfAborted();
        say(name, error instanceof Error ? error.message : String(error));
      }
    }),
  );
}

import { setTimeout } from "node:timers/promises";
import { deliver } from "../../deliver/index.ts";
import { machineFiles } from "../../pki/index.ts";
import { openPower, type Power } from "../../power/index.ts";
import { machineTarget, stageOf } from "../machine-target.ts";
import { powerDeps } from "../power-deps.ts";
import { readMachine, writeMachine } from "../run-record.ts";
import { pkiDir } from "../workspace.ts";
import { machineOf, type StepContext } from "./context.ts";

/** Waits until a machine answers, and hands it its keys: its own and no other's. */
export async function deliverStep(context: StepContext, name: string): Promise<void> {
  const { workspace, run, say, now } = context;
  const { plan, generation } = run;
  const machine = machineOf(plan, name);
  const files = machineFiles(plan, pkiDir(workspace, plan.cluster), name);
  const done = new AbortController();
  const signal = AbortSignal.any([context.signal, done.signal]);
  const power = openPower(machine.bmc, powerDeps(workspace), { signal, timeoutSeconds: 20 });
  void tellStages(power, signal, (stage) => say(name, `stage ${stage}`));
  try {
    const { changed } = await deliver(
      machineTarget({
        workspace,
        cluster: plan.cluster,
        machine,
        proxy: plan.proxy,
        timeoutSeconds: plan.timeouts.boot,
        signal: context.signal,
        // That it does not answer yet is what is waited for; its stages say more.
        say: (text) => text.startsWith("waiting") || say(name, text),
      }),
      files,
    );
    const record = readMachine(workspace, plan.cluster, name);
    writeMachine(workspace, plan.cluster, { ...record, machine, generation, delivered: now().toISOString() });
    say(name, changed ? "has its keys" : "has had its keys already");
  } finally {
    done.abort();
  }
}

/** Tells each stage that the console shows, until the signal; a BMC without a console, or a dead one, tells nothing. */
async function tellStages(power: Power, signal: AbortSignal, tell: (stage: string) => void): Promise<void> {
  let told: string | undefined;
  try {
    for (;;) {
      const console = await power.console();
      if (console === undefined) return;
      const stage = stageOf(console);
      if (stage !== undefined && stage !== told) tell(stage);
      told = stage;
      await setTimeout(1000, undefined, { signal });
    }
  } catch {
    // The step itself says what went wrong with the machine.
  }
}

import { setTimeout } from "node:timers/promises";
import { deliver } from "../../deliver/index.ts";
import { machineFiles } from "../../pki/index.ts";
import { openPower, type Power } from "../../power/index.ts";
import { LandfallError } from "../../spec/error.ts";
import { askWhetherOnItsWay } from "../boot-orders.ts";
import { failureOf, stageOf } from "../console.ts";
import { machineTarget } from "../machine-target.ts";
import { powerDeps } from "../power-deps.ts";
import { readMachine, writeMachine } from "../run-record.ts";
import { startIntoNetwork } from "../start-machine.ts";
import { pkiDir } from "../workspace.ts";
import { inMemory, letAlone, machineOf, powerContext, type StepContext } from "./context.ts";
import { attendLate } from "./late.ts";

/**
 * Waits until a machine answers, and hands it its keys: its own and no other's. A machine whose boot fails, or that was
 * started long ago, never answered, and is not on its way either, is started again, once.
 */
export async function deliverStep(context: StepContext, name: string): Promise<void> {
  const { workspace, run, say, now } = context;
  const { plan, generation } = run;
  const machine = machineOf(plan, name);
  if (letAlone(context, name)) return;
  const record = () => ({ ...readMachine(workspace, plan.cluster, name), machine, generation });
  const remember = (change: { delivered?: string; failed?: string }) => {
    const { failed: _, ...before } = record();
    writeMachine(workspace, plan.cluster, { ...before, ...change });
  };
  remember({});
  const ended = new AbortController();
  const signal = AbortSignal.any([context.signal, ended.signal]);
  const power = openPower(machine.bmc, powerDeps(workspace, powerContext(context, name)), { signal });
  const { delivered } = record();
  const startedFor = () => (now().getTime() - Date.parse(record().started ?? now().toISOString())) / 1000;
  const restart = () => startIntoNetwork(context, machine, power);
  try {
    if (delivered === undefined) {
      const attend = await attendLate({
        isLate: () => startedFor() > plan.timeouts.boot,
        // One that is off, whoever switched it off, gets nowhere.
        isOnItsWay: async () =>
          (await power.state()) === "on" &&
          (await askWhetherOnItsWay(run, machine, startedFor(), now(), signal)),
        restart,
        say: (text) => say(name, text),
      });
      attend?.(signal).catch((error: unknown) => ended.abort(error));
      const watcher = {
        settled: () => startedFor() > settleSeconds,
        restart,
        say: (text: string) => say(name, text),
      };
      watchBoot(power, signal, watcher).catch((error: unknown) => ended.abort(error));
    }
    const { changed } = await deliver(
      machineTarget({
        workspace,
        cluster: plan.cluster,
        machine,
        proxy: plan.proxy,
        inMemory: inMemory(plan, name),
        timeoutSeconds: plan.timeouts.boot,
        signal,
        // That it does not answer yet is what is waited for; its stages say more.
        say: (text) => text.startsWith("waiting") || say(name, text),
      }),
      machineFiles(plan, pkiDir(workspace, plan.cluster), name),
    );
    remember({ delivered: now().toISOString() });
    say(name, changed ? "has its keys" : "has had its keys already");
  } catch (error) {
    if (!context.signal.aborted) remember({ failed: error instanceof Error ? error.message : String(error) });
    throw error;
  } finally {
    ended.abort();
  }
}

/** Seconds after which a console surely shows this boot, and not the one before. */
const settleSeconds = 5;

interface Watcher {
  /** Whether its last start is long enough ago. */
  readonly settled: () => boolean;
  readonly restart: () => Promise<void>;
  readonly say: (text: string) => void;
}

/**
 * Tells each stage that the console shows. Rejects when the machine's boot has failed twice; a BMC without a console, or
 * one that does not answer, tells nothing.
 */
async function watchBoot(
  power: Power,
  signal: AbortSignal,
  { settled, restart, say }: Watcher,
): Promise<void> {
  let told: string | undefined;
  let restarted = false;
  while (!signal.aborted) {
    const console = await power.console().catch(() => "");
    if (console === undefined) return;
    const stage = stageOf(console);
    if (stage !== undefined && stage !== told) say(`stage ${stage}`);
    told = stage;
    const failure = settled() ? failureOf(console) : undefined;
    if (failure !== undefined) {
      if (restarted) throw bootFailed(failure);
      say(`failed: ${failure}`);
      await restart();
      restarted = true;
    }
    await setTimeout(1000, undefined, { signal }).catch(() => {});
  }
}

function bootFailed(failure: string): LandfallError {
  return new LandfallError("boot-failed", `it cannot boot: ${failure}`, {
    found: failure,
    expected: "an installed system, at the second attempt at the latest",
    next: "read its console; mend what it says, and deploy again",
  });
}

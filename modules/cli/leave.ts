// A machine's way out of its cluster, step by step. Each step may be done again, whatever became of the run before.
import { release } from "../deliver/index.ts";
import type { Api } from "../kubernetes/index.ts";
import type { MachinePlan, Plan } from "../plan/index.ts";
import { openPower, type Power } from "../power/index.ts";
import { awaitWipe, orderWipe } from "./boot-orders.ts";
import { clusterApi } from "./cluster-api.ts";
import { drain, type Left } from "./drain.ts";
import { machineTarget } from "./machine-target.ts";
import { powerDeps } from "./power-deps.ts";
import { findRun, type MachineRecord, type RunRecord, readMachine, writeMachine } from "./run-record.ts";
import { powerContext, type StepContext } from "./steps/context.ts";

/** Seconds that a machine gets to answer before its power is cut as it is. */
const answerSeconds = 15;
/** Longest that one which was off gets to start; seconds. */
const startSeconds = 600;

export type LeaveContext = Omit<StepContext, "run">;

/** What is known of a machine that leaves, and how it is reached. */
export interface Leaver {
  readonly name: string;
  readonly machine: MachinePlan;
  readonly record: MachineRecord;
  /** Undefined: nothing is on record of its cluster. */
  readonly run: RunRecord | undefined;
  readonly power: Power;
}

/** Undefined for a machine that was never started, or that has left. */
export function leaver(
  { workspace, say, signal }: LeaveContext,
  cluster: string,
  name: string,
): Leaver | undefined {
  const record = readMachine(workspace, cluster, name);
  if (record === undefined) return undefined;
  const run = findRun(workspace, cluster);
  const context =
    run === undefined ? { tell: (text: string) => say(name, text) } : powerContext({ run, say }, name);
  const power = openPower(record.machine.bmc, powerDeps(workspace, context), { signal });
  return { name, machine: record.machine, record, run, power };
}

/** The API of a cluster that lives on without the machine. A whole cluster that is retired has nowhere to move pods to. */
export function apiWithout(
  { workspace }: LeaveContext,
  { run, record }: Leaver,
  livesOn: boolean,
): Api | undefined {
  return livesOn && run !== undefined && record.delivered !== undefined
    ? clusterApi(workspace, run.plan)
    : undefined;
}

/** Resolves to the pods that did not leave in time. */
export async function moveAway(
  { say, signal }: LeaveContext,
  api: Api,
  { name, power }: Leaver,
  seconds: number,
): Promise<readonly Left[]> {
  say(name, "its pods move away");
  // A controller that does not answer now says so when the power is to be cut.
  const off = await power.state().then(
    (state) => state === "off",
    () => false,
  );
  return drain(api, name, seconds, signal, off);
}

/**
 * Has a machine mark its disk as free and boot it no more, if it answers; resolves to whether it has, now or in an earlier
 * run. Its power stays to be cut.
 * @param start whether one that is off is switched on for it; else nothing is asked of it.
 */
export async function giveUpDisk(
  { workspace, signal, now, say }: LeaveContext,
  { name, machine, power, run }: Leaver,
  cluster: string,
  { start, onSilence }: { readonly start: boolean; readonly onSilence: (error: unknown) => void },
): Promise<boolean> {
  const record = readMachine(workspace, cluster, name);
  if (record?.released !== undefined) return true;
  if (record?.delivered === undefined) return false;
  const isOff = (await power.state()) !== "on";
  if (isOff && !start) return false;
  const target = {
    workspace,
    cluster,
    machine,
    proxy: run?.plan.proxy,
    timeoutSeconds: isOff ? Math.min(run?.plan.timeouts.boot ?? startSeconds, startSeconds) : answerSeconds,
    signal,
    say: () => {},
  };
  try {
    if (isOff) {
      say(name, "power on, to let go of its disk");
      await power.on();
    }
    await release(machineTarget(target));
  } catch (error) {
    signal.throwIfAborted();
    onSilence(error);
    return false;
  }
  writeMachine(workspace, cluster, { ...record, released: now().toISOString() });
  return true;
}

/** Has a machine that is off empty its disk by one boot from the network. @throws {LandfallError} `not-wiped` */
export async function wipeDisk(
  { say, signal }: LeaveContext,
  landing: RunRecord,
  { name, machine, power }: Leaver,
): Promise<void> {
  await orderWipe(landing, machine, signal);
  await power.bootFromNetworkOnce();
  // Whoever switched it on meanwhile started what was on its disk.
  await power.off();
  await power.on();
  say(name, "starts from the network, to have its disk wiped");
  await awaitWipe(landing, machine, signal);
  await power.off();
  say(name, "its disk is empty");
}

/** Of a pool that is gone nothing is known: a machine without a disk says that there is nothing to wipe. */
export function hasDisk({ pools }: Plan, { pool }: MachinePlan): boolean {
  const known = pools.find(({ name }) => name === pool);
  return known === undefined || known.disk !== undefined;
}

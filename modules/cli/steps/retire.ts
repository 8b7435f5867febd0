import { depart, isLeaving } from "../../claims/index.ts";
import { retire } from "../../pki/index.ts";
import { endBoot } from "../boot-orders.ts";
import { dropClaim } from "../claims.ts";
import { bookOf, departureOf } from "../departure.ts";
import { deleteNode } from "../drain.ts";
import { apiWithout, giveUpDisk, hasDisk, type LeaveContext, leaver, moveAway, wipeDisk } from "../leave.ts";
import { findRun, forgetMachine, forgetRun, type RunRecord } from "../run-record.ts";
import { pkiDir, type Workspace } from "../workspace.ts";

/** Seconds that its pods get to move. */
const drainSeconds = 120;

/** Takes a machine out of its cluster; one that another version is to have leaves by the way of those: see departure.ts. */
export async function retireMachine(context: LeaveContext, cluster: string, name: string): Promise<void> {
  const { workspace, now } = context;
  const plan = findRun(workspace, cluster)?.plan;
  // A machine of the plan is retired with its whole cluster: nothing is left that its pods could move to.
  const livesOn = plan !== undefined && !plan.machines.some((each) => each.name === name);
  const book = plan && bookOf(workspace, plan.site, now);
  const claim = () => book?.read(name);
  if (book !== undefined && isLeaving(claim(), cluster))
    return depart(book, name, departureOf(context, cluster, name, livesOn, claim));
  await free(context, cluster, name, livesOn);
  if (plan !== undefined) dropClaim(workspace, plan.site, name, cluster);
}

/**
 * Frees a machine: its pods move, it marks its disk as free, and its power is cut. One that is off is switched
 * on for it: a disk that nobody let go of is no other cluster's. One that does not answer keeps the mark, so that nobody
 * installs over it unasked; one that was never started is only forgotten. Where the cluster wants it, a disk that is free is
 * then emptied.
 */
async function free(context: LeaveContext, cluster: string, name: string, livesOn: boolean): Promise<void> {
  const { workspace, say, signal } = context;
  const leaving = leaver(context, cluster, name);
  if (leaving === undefined) return say(name, "was never started");
  const { machine, record, run, power } = leaving;
  const api = apiWithout(context, leaving, livesOn);
  try {
    if (api !== undefined) {
      await tryTo(context, name, "its pods could not be moved", async () => {
        const left = await moveAway(context, api, leaving, drainSeconds);
        if (left.length > 0) say(name, `${left.length} pods did not leave within ${drainSeconds} s`);
      });
    }
    const released = await giveUpDisk(context, leaving, cluster, {
      start: run !== undefined && hasDisk(run.plan, machine),
      onSilence: (error) => say(name, keepsMark(name, cluster, run, text(error))),
    });
    await power.off();
    if (run !== undefined) {
      const landing = { ...run, generation: record.generation };
      await endBoot(landing, machine, released, signal);
      if (released && run.plan.retireDisks === "wipe" && hasDisk(run.plan, machine))
        await wipeDisk(context, landing, leaving);
    }
    if (api !== undefined)
      await tryTo(context, name, "its node stays listed", () => deleteNode(api, name, signal));
  } finally {
    await api?.close();
  }
  forgetMachine(workspace, cluster, name);
  say(name, "retired, power off");
}

function keepsMark(name: string, cluster: string, run: RunRecord | undefined, why: string): string {
  const next = run?.plan.boot.service === "landfall" ? `, then: npx landfall boot release ${name}` : "";
  return `its disk keeps the mark of ${cluster}: ${why}. For another cluster: empty it by hand${next}`;
}

/** What a dead machine or API cannot do must not keep the machine from being retired. */
async function tryTo(
  { say, signal }: LeaveContext,
  name: string,
  otherwise: string,
  work: () => Promise<void>,
): Promise<void> {
  try {
    await work();
  } catch (error) {
    signal.throwIfAborted();
    say(name, `${otherwise}: ${text(error)}`);
  }
}

function text(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Sets the PKI aside and forgets the cluster, when all of its machines are retired. */
export function retireCluster(workspace: Workspace, cluster: string): void {
  retire(pkiDir(workspace, cluster));
  forgetRun(workspace, cluster);
}

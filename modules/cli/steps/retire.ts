import { release } from "../../deliver/index.ts";
import type { Api } from "../../kubernetes/index.ts";
import { retire } from "../../pki/index.ts";
import type { MachinePlan, Plan } from "../../plan/index.ts";
import { openPower } from "../../power/index.ts";
import { awaitWipe, endBoot, orderWipe } from "../boot-orders.ts";
import { dropClaim } from "../claims.ts";
import { clusterApi } from "../cluster-api.ts";
import { deleteNode, drain } from "../drain.ts";
import { machineTarget } from "../machine-target.ts";
import { powerDeps } from "../power-deps.ts";
import { findRun, forgetMachine, forgetRun, readMachine, writeMachine } from "../run-record.ts";
import { pkiDir, type Workspace } from "../workspace.ts";
import type { StepContext } from "./context.ts";

/** Seconds that a machine gets to answer before its power is cut as it is. */
const answerSeconds = 15;
/** Seconds that its pods get to move. */
const drainSeconds = 120;

/**
 * Takes a machine out of its cluster: its pods move, it marks its disk as free, and its power is cut. One that does not
 * answer keeps the mark, so that no other cluster installs over it unasked; one that was never started is only forgotten.
 * Where the cluster wants it, a disk that is free is then emptied.
 */
export async function retireMachine(
  context: Omit<StepContext, "run">,
  cluster: string,
  name: string,
): Promise<void> {
  const { workspace, say, signal, now } = context;
  const record = readMachine(workspace, cluster, name);
  const run = findRun(workspace, cluster);
  const plan = run?.plan;
  if (record === undefined) {
    if (plan !== undefined) dropClaim(workspace, plan.site, name, cluster);
    return say(name, "was never started");
  }
  const { machine, delivered } = record;
  // A machine of the plan is retired with its whole cluster: nothing is left that its pods could move to.
  const leaves =
    plan !== undefined && delivered !== undefined && !plan.machines.some((each) => each.name === name);
  const api = leaves ? clusterApi(workspace, plan) : undefined;
  try {
    if (api !== undefined)
      await tryTo(context, name, "its pods could not be moved", () => moveAway(context, api, name));
    const power = openPower(machine.bmc, powerDeps(workspace, { tell: (sentence) => say(name, sentence) }), {
      signal,
    });
    let free = record.released !== undefined;
    if (!free && delivered !== undefined && (await power.state()) === "on") {
      const proxy = plan?.proxy;
      const target = {
        workspace,
        cluster,
        machine,
        proxy,
        timeoutSeconds: answerSeconds,
        signal,
        say: () => {},
      };
      free = await tryTo(context, name, `its disk keeps the mark of ${cluster}`, () =>
        release(machineTarget(target)),
      );
      if (free) writeMachine(workspace, cluster, { ...record, released: now().toISOString() });
    }
    await power.off();
    if (run !== undefined) {
      const landing = { ...run, generation: record.generation };
      await endBoot(landing, machine, free, signal);
      if (free && run.plan.retireDisks === "wipe" && hasDisk(run.plan, machine)) {
        await orderWipe(landing, machine, signal);
        await power.bootFromNetworkOnce();
        await power.on();
        say(name, "starts from the network, to have its disk wiped");
        await awaitWipe(landing, machine, signal);
        await power.off();
        say(name, "its disk is empty");
      }
    }
    if (api !== undefined)
      await tryTo(context, name, "its node stays listed", () => deleteNode(api, name, signal));
  } finally {
    await api?.close();
  }
  forgetMachine(workspace, cluster, name);
  if (plan !== undefined) dropClaim(workspace, plan.site, name, cluster);
  say(name, "retired, power off");
}

/** Of a pool that is gone nothing is known: a machine without a disk says that there is nothing to wipe. */
function hasDisk({ pools }: Plan, { pool }: MachinePlan): boolean {
  const known = pools.find(({ name }) => name === pool);
  return known === undefined || known.disk !== undefined;
}

async function moveAway({ say, signal }: Omit<StepContext, "run">, api: Api, name: string): Promise<void> {
  say(name, "its pods move away");
  const left = await drain(api, name, drainSeconds, signal);
  if (left > 0) say(name, `${left} pods did not leave within ${drainSeconds} s`);
}

/** What a dead machine or API cannot do must not keep the machine from being retired. Whether it was done. */
async function tryTo(
  { say, signal }: Omit<StepContext, "run">,
  name: string,
  otherwise: string,
  work: () => Promise<void>,
): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    signal.throwIfAborted();
    say(name, `${otherwise}: ${error instanceof Error ? error.message : error}`);
    return false;
  }
}

/** Sets the PKI aside and forgets the cluster, when all of its machines are retired. */
export function retireCluster(workspace: Workspace, cluster: string): void {
  retire(pkiDir(workspace, cluster));
  forgetRun(workspace, cluster);
}

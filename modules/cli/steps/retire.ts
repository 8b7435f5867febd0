import { release } from "../../deliver/index.ts";
import { retire } from "../../pki/index.ts";
import { openPower } from "../../power/index.ts";
import { machineTarget } from "../machine-target.ts";
import { powerDeps } from "../power-deps.ts";
import { findRun, forgetMachine, forgetRun, readMachine } from "../run-record.ts";
import { pkiDir, type Workspace } from "../workspace.ts";
import type { StepContext } from "./context.ts";

/** Seconds that a machine gets to answer before its power is cut as it is. */
const answerSeconds = 15;

/**
 * Takes a machine out of its cluster: it marks its disk as free, and its power is cut. One that does not answer keeps
 * the mark, so that no other cluster installs over it unasked; one that was never started is only forgotten.
 */
export async function retireMachine(
  context: Omit<StepContext, "run">,
  cluster: string,
  name: string,
): Promise<void> {
  const { workspace, say, signal } = context;
  const record = readMachine(workspace, cluster, name);
  if (record === undefined) return say(name, "was never started");
  const { machine } = record;
  const power = openPower(machine.bmc, powerDeps(workspace), { signal });
  if (record.delivered !== undefined && (await power.state()) === "on") {
    const proxy = findRun(workspace, cluster)?.plan.proxy;
    const target = {
      workspace,
      cluster,
      machine,
      proxy,
      timeoutSeconds: answerSeconds,
      signal,
      say: () => {},
    };
    await release(machineTarget(target)).catch((error: unknown) => {
      signal.throwIfAborted();
      say(name, `its disk keeps the mark of ${cluster}: ${error instanceof Error ? error.message : error}`);
    });
  }
  await power.off();
  forgetMachine(workspace, cluster, name);
  say(name, "retired, power off");
}

/** Sets the PKI aside and forgets the cluster, when all of its machines are retired. */
export function retireCluster(workspace: Workspace, cluster: string): void {
  retire(pkiDir(workspace, cluster));
  forgetRun(workspace, cluster);
}

import { type Allotment, whyLeftOut } from "../../claims/index.ts";
import type { Plan } from "../../plan/index.ts";
import { bmcText } from "../../power/index.ts";
import { LandfallError } from "../../spec/error.ts";
import { diff, type PlannedChange } from "../deploy.ts";
import type { Invocation } from "../main.ts";
import { formatError, printJson, table } from "../output.ts";
import { silent } from "../progress.ts";
import { obtainable, requireBootService } from "../project.ts";
import { prepare, releaseFor, writeStacks } from "../synth.ts";

/** The plan itself needs only the files; what it would change needs the release and the boot service too. */
export async function planCommand(invocation: Invocation, cluster: string): Promise<undefined> {
  const { plan, allotment } = obtainable(invocation.workspace, cluster);
  const changes = await changesOf(invocation, plan);
  if (invocation.json) {
    const compared =
      changes instanceof LandfallError ? { changes: null, reason: changes.message } : { changes };
    return printJson({ plan, leftOut: allotment.leftOut, ...compared });
  }
  process.stdout.write(`${summary(plan, allotment)}\n\n${describe(changes)}\n`);
}

async function changesOf(
  { workspace, signal }: Invocation,
  plan: Plan,
): Promise<readonly PlannedChange[] | LandfallError> {
  const { cluster, machines } = plan;
  try {
    requireBootService(plan);
    writeStacks(workspace, [prepare(workspace, plan, releaseFor(workspace, plan), new Date())]);
    return await diff({
      workspace,
      cluster,
      machines: machines.length,
      state: plan.state,
      progress: silent,
      signal,
    });
  } catch (error) {
    if (error instanceof LandfallError && !signal.aborted) return error;
    throw error;
  }
}

function summary(plan: Plan, { leftOut }: Allotment): string {
  const { endpoint, network, machines } = plan;
  const disks = new Map(plan.pools.map(({ name, disk }) => [name, disk ?? "memory"]));
  const rows = machines.map(({ name, pool, mac, address, prefix, bmc }) => [
    name,
    pool,
    mac,
    `${address}/${prefix}`,
    disks.get(pool) ?? "",
    bmcText(bmc),
  ]);
  return [
    `${plan.cluster} at ${plan.site}: Kubernetes ${plan.kubernetes}, ${machines.length} machines`,
    `API https://${endpoint.address}:${endpoint.port}, pods ${network.pods}, Services ${network.services}`,
    "",
    table([["MACHINE", "POOL", "MAC", "ADDRESS", "ROOT", "BMC"], ...rows]),
    ...(leftOut.length === 0 ? [] : ["", ...leftOut.map(whyLeftOut)]),
  ].join("\n");
}

function describe(changes: readonly PlannedChange[] | LandfallError): string {
  if (changes instanceof LandfallError)
    return `What would change cannot be told:\n${formatError(changes, false)}`;
  if (changes.length === 0) return "No changes.";
  return `Terraform would do:\n${table(changes.map(({ action, address }) => [`  ${action}`, address]))}`;
}

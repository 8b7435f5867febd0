import { allot, isLeaving, type Version, whyLeftOut } from "../../claims/index.ts";
import { formatResults, healthReport } from "../../health/index.ts";
import type { MachinePlan, Plan } from "../../plan/index.ts";
import { openPower } from "../../power/index.ts";
import { LandfallError } from "../../spec/error.ts";
import { showConditions } from "../boot-orders.ts";
import { readClaims } from "../claims.ts";
import { stageOf } from "../console.ts";
import { checkHealth } from "../health.ts";
import type { Invocation } from "../main.ts";
import { exit, printJson, table } from "../output.ts";
import { powerDeps } from "../power-deps.ts";
import { namedIn } from "../project.ts";
import { formatReplacement, readRunOf, replacementsOf } from "../replacement-status.ts";
import { type MachineRecord, readMachine } from "../run-record.ts";
import type { Workspace } from "../workspace.ts";

interface MachineStatus {
  readonly name: string;
  readonly pool: string;
  readonly address: string;
  /** on, off, or why it cannot be told. */
  readonly power: string;
  /** The last stage of its boot that its console showed. */
  readonly stage: string | undefined;
  readonly started: string | undefined;
  readonly delivered: string | undefined;
}

/** What was deployed, as it is now; the files may say something newer. */
export async function statusCommand(
  { workspace, json, signal }: Invocation,
  cluster: string,
): Promise<number> {
  const { plan } = readRunOf(workspace, cluster);
  const claims = readClaims(workspace, plan.site);
  const { leftOut } = allot(namedBy(workspace, plan), claims);
  const leaving = plan.machines.flatMap(({ name }) => {
    const claim = claims.get(name);
    return isLeaving(claim, cluster) && claim?.handover ? [{ machine: name, ...claim.handover }] : [];
  });
  const [results, machines] = await Promise.all([
    checkHealth(workspace, plan, signal),
    Promise.all(
      plan.machines.map((machine) =>
        machineStatus(workspace, machine, readMachine(workspace, cluster, machine.name)),
      ),
    ),
  ]);
  const report = healthReport(cluster, results);
  await showConditions(plan, report, signal);
  const now = new Date();
  const replacements = replacementsOf(workspace, plan, now);
  if (json) printJson({ ...report, machines, leaving, leftOut, replacements });
  else {
    const rows = machines.map(({ name, pool, address, power, stage = "-", delivered = "-" }) => [
      name,
      pool,
      address,
      power,
      stage,
      delivered.slice(0, 19),
    ]);
    const ways = [
      ...leaving.map(({ machine, to, stage }) => `${machine} is on its way to ${to} (${stage})`),
      ...leftOut.map(whyLeftOut),
    ];
    const parts = [
      ...replacements.map((each) => formatReplacement(each, now)),
      table([["MACHINE", "POOL", "ADDRESS", "POWER", "STAGE", "KEYS SINCE"], ...rows]),
      ...(ways.length === 0 ? [] : [ways.join("\n")]),
      formatResults(results),
    ];
    process.stdout.write(`${parts.join("\n\n")}\n`);
  }
  return report.healthy ? exit.ok : exit.failed;
}

/** What its file names; of a cluster whose file is gone, what was deployed. */
function namedBy(workspace: Workspace, plan: Plan): Version {
  try {
    return namedIn(workspace, plan.cluster);
  } catch (error) {
    if (!(error instanceof LandfallError)) throw error;
    const names = (role: MachinePlan["role"]) =>
      plan.machines.filter((machine) => machine.role === role).map(({ name }) => name);
    return { cluster: plan.cluster, masters: names("master"), workers: names("worker") };
  }
}

async function machineStatus(
  workspace: Workspace,
  { name, pool, address, bmc }: MachinePlan,
  record: MachineRecord | undefined,
): Promise<MachineStatus> {
  const { started, delivered } = record ?? {};
  const power = openPower(bmc, powerDeps(workspace), { timeoutSeconds: 5 });
  const [state, console] = await Promise.all([
    power.state().catch((error: Error) => `unknown (${error.message})`),
    power.console().catch(() => undefined),
  ]);
  return { name, pool, address, power: state, stage: stageOf(console), started, delivered };
}

// Where the news comes from: the boot service's own, or what BMCs and consoles say when they are asked again and again.
import { setTimeout as delay } from "node:timers/promises";
import { type MachineRecord, type MachineView, machineView } from "../../boot/index.ts";
import { healthReport } from "../../health/index.ts";
import type { Plan } from "../../plan/index.ts";
import { openPower } from "../../power/index.ts";
import { LandfallError } from "../../spec/index.ts";
import { showConditions } from "../boot-orders.ts";
import { withBootClient } from "../boot-service.ts";
import { checkHealth } from "../health.ts";
import { softTimeoutsOf } from "../patience.ts";
import { powerDeps } from "../power-deps.ts";
import { replacementsOf } from "../replacement-status.ts";
import { findRun, readMachine } from "../run-record.ts";
import type { Workspace } from "../workspace.ts";
import { polledView, type Seen } from "./polled-record.ts";
import type { Watched } from "./watched.ts";

export interface Source {
  readonly workspace: Workspace;
  /** As it was deployed last; machines that left are in it. */
  readonly plan: () => Plan;
  /** Told when it was deployed otherwise. */
  readonly deployed: (plan: Plan) => void;
  /** Ends it. */
  readonly signal: AbortSignal;
  /** Told of whatever is new. */
  readonly tell: (
    news: Partial<Pick<Watched, "machines" | "conditions" | "checked" | "replacements" | "gone">>,
  ) => void;
  /** When the cluster was last seen to be healthy as a whole. ISO 8601. */
  readonly proven: () => string | undefined;
  /** What keeps it from going on; `undefined` when it goes on again. */
  readonly trouble: (what: string | undefined) => void;
}

/** Machines as Landfall's boot service tells of them, as it happens. */
export async function followBootService({ plan, signal, tell, trouble, proven }: Source): Promise<void> {
  const records = new Map<string, MachineRecord>();
  const { boot } = plan();
  const timeouts = softTimeoutsOf(boot);
  const show = () => {
    const now = new Date();
    const machines = plan()
      .machines.map(({ mac }) => records.get(mac))
      .filter((record) => record !== undefined)
      .map((record) => machineView(record, now, timeouts, proven()));
    tell({ machines });
  };
  // Time alone changes what is said, too.
  const ticker = setInterval(show, 1000);
  try {
    await again(signal, trouble, "the boot service does not answer", () =>
      withBootClient(
        boot,
        signal,
        async (client) => {
          for await (const record of client.watch(signal)) {
            trouble(undefined);
            records.set(record.mac, record);
            show();
          }
        },
        2,
      ),
    );
  } finally {
    clearInterval(ticker);
  }
}

/** Machines as their BMCs and consoles show them. */
export async function pollMachines({ workspace, plan, signal, tell, trouble }: Source): Promise<void> {
  const seen: Seen = new Map();
  await again(signal, trouble, "the machines cannot be asked", async () => {
    const deployed = plan();
    const timeouts = softTimeoutsOf(deployed.boot);
    const machines = await Promise.all(
      deployed.machines.map(async (machine): Promise<MachineView> => {
        const bmc = openPower(machine.bmc, powerDeps(workspace), { timeoutSeconds: 5 });
        const [power, console] = await Promise.all([
          bmc.state().catch((error: Error) => ({ unknown: error.message })),
          bmc.console().catch(() => undefined),
        ]);
        const steps = readMachine(workspace, deployed.cluster, machine.name);
        return polledView(deployed, machine, { power, console, steps }, seen, new Date(), timeouts);
      }),
    );
    trouble(undefined);
    tell({ machines });
  });
}

/** The replacement that the cluster is a part of, as its journal has it by now. */
export async function followReplacements({ workspace, plan, signal, tell, trouble }: Source): Promise<void> {
  await again(signal, trouble, "the journal of its replacement cannot be read", async () => {
    tell({ replacements: replacementsOf(workspace, plan(), new Date()) });
    trouble(undefined);
  });
}

/** The health conditions, and those who watch the page see them too. */
export async function pollConditions(source: Source): Promise<void> {
  const { workspace, plan, deployed, signal, tell, trouble } = source;
  const { cluster } = plan();
  await again(signal, trouble, "the conditions cannot be checked", async () => {
    // While it is replaced machines leave it, and come to it; retired it has none.
    const run = findRun(workspace, cluster);
    tell({ gone: run === undefined, ...(run === undefined && { conditions: [], checked: undefined }) });
    if (run === undefined) return trouble(undefined);
    deployed(run.plan);
    const report = healthReport(cluster, await checkHealth(workspace, run.plan, signal));
    trouble(undefined);
    tell({ conditions: report.conditions, checked: new Date() });
    await showConditions(run.plan, report, signal);
    await delay(3000, undefined, { signal });
  });
}

/** Until it is ended: whatever goes wrong is told, and tried again. */
async function again(
  signal: AbortSignal,
  trouble: Source["trouble"],
  what: string,
  work: () => Promise<void>,
): Promise<void> {
  while (!signal.aborted) {
    try {
      await work();
    } catch (error) {
      if (signal.aborted) return;
      const found = error instanceof LandfallError ? (error.details.found ?? error.message) : String(error);
      trouble(`${what}: ${found}`);
    }
    await delay(1000, undefined, { signal }).catch(() => {});
  }
}

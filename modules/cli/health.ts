import { isLeaving } from "../claims/index.ts";
import {
  checkAll,
  formatResults,
  type HealthContext,
  healthReport,
  openHealth,
  type Result,
  waitHealthy,
} from "../health/index.ts";
import { adminCredentials, ensurePki, etcdCredentials } from "../pki/index.ts";
import type { Plan } from "../plan/index.ts";
import { openPower } from "../power/index.ts";
import { showConditions } from "./boot-orders.ts";
import { readClaims } from "./claims.ts";
import { lastHeard } from "./console.ts";
import { powerDeps } from "./power-deps.ts";
import { pkiDir, type Workspace } from "./workspace.ts";

export interface ProveOptions {
  readonly workspace: Workspace;
  readonly plan: Plan;
  readonly signal: AbortSignal;
  /** Told of each condition when it comes to hold, or holds no more. */
  readonly say: (line: string) => void;
}

/** Waits until all conditions hold. @throws {LandfallError} `unhealthy`, naming the first that does not, with its evidence. */
export async function proveHealth({
  workspace,
  plan,
  signal,
  say,
}: ProveOptions): Promise<readonly Result[]> {
  const held = new Map<string, boolean>();
  let shown = Promise.resolve();
  const onProgress = (results: readonly Result[]) => {
    if (results.some(({ name, ok }) => held.get(name) !== ok)) {
      const report = healthReport(plan.cluster, results);
      shown = shown.then(() => showConditions(plan, report, signal)).catch(() => {});
    }
    for (const result of results) {
      if (held.get(result.name) !== result.ok && (result.ok || held.has(result.name)))
        say(formatResults([result]));
      held.set(result.name, result.ok);
    }
  };
  try {
    return await withHealth(workspace, plan, (context) => waitHealthy(context, { signal, onProgress }));
  } finally {
    await shown;
  }
}

/** What holds just now. */
export function checkHealth(
  workspace: Workspace,
  plan: Plan,
  signal: AbortSignal,
): Promise<readonly Result[]> {
  return withHealth(workspace, plan, (context) => checkAll(context, { signal }));
}

async function withHealth<T>(
  workspace: Workspace,
  plan: Plan,
  work: (context: HealthContext) => Promise<T>,
): Promise<T> {
  const store = pkiDir(workspace, plan.cluster);
  // Of a machine that is on its way out nothing is expected any more.
  const claims = readClaims(workspace, plan.site);
  const machines = plan.machines.filter(({ name }) => !isLeaving(claims.get(name), plan.cluster));
  const context = openHealth({
    plan: { ...plan, machines },
    pki: ensurePki(plan, store, new Date()),
    admin: adminCredentials(store),
    etcdClient: etcdCredentials(store),
    lastHeard: async (name) => {
      const machine = plan.machines.find((each) => each.name === name);
      if (machine === undefined) return "no machine of this plan";
      const power = openPower(machine.bmc, powerDeps(workspace), { timeoutSeconds: 5 });
      return lastHeard(await power.state(), await power.console());
    },
  });
  try {
    return await work(context);
  } finally {
    await context.close();
  }
}

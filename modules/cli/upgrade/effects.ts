// What each step of a replacement does to the world: the same functions that are behind the commands for each by hand.
import { relative } from "node:path";
import { incomplete } from "../../claims/index.ts";
import { type Api, ApiError, getJson, reason } from "../../kubernetes/index.ts";
import { knownReleases } from "../../release/index.ts";
import type { Effects, Failed, Journal } from "../../rollout/index.ts";
import { LandfallError, loadCluster } from "../../spec/index.ts";
import { cutover } from "../../traffic/index.ts";
import {
  awaitWork,
  migrate,
  planMigration,
  settleVolumes,
  undoMigration,
  waitForConditions,
} from "../../workloads/index.ts";
import { archiveCluster } from "../archive.ts";
import { readClaim, readClaims } from "../claims.ts";
import { clusterApi } from "../cluster-api.ts";
import { writeKubeconfig } from "../commands/kubectl.ts";
import { destroyDeployed } from "../destroy.ts";
import { handOverMachines } from "../handover.ts";
import { proveHealth } from "../health.ts";
import { landCluster } from "../land.ts";
import type { Progress } from "../progress.ts";
import { planOf } from "../project.ts";
import { findRun, readRun } from "../run-record.ts";
import { isDeployed } from "../state.ts";
import type { ServeStep } from "../step-server.ts";
import { trafficOf, trafficPlan, world } from "../traffic.ts";
import type { Workspace } from "../workspace.ts";
import { runCheck } from "./checks.ts";

export interface EffectsOptions {
  readonly workspace: Workspace;
  readonly progress: Progress;
  readonly signal: AbortSignal;
  readonly serve: ServeStep;
  readonly journal: Pick<Journal, "blue" | "green">;
}

export function realEffects(options: EffectsOptions): Effects {
  const { workspace, progress, signal, serve } = options;
  const { blue, green } = options.journal;
  const landing = { workspace, progress, signal, serve };
  const { cluster: spec, clusterFile } = loadCluster(workspace.root, green, { knownReleases });
  const settings = spec.replacement?.workloads ?? {};
  const { site } = planOf(workspace, green);
  const claimOf = (machine: string) => readClaim(workspace, site, machine);
  const onProgress = (line: string) => progress.line("migrate", line);

  async function withApis<T>(work: (apis: { from: Api; to: Api }) => Promise<T>): Promise<T> {
    const [from, to] = [blue, green].map((id) => clusterApi(workspace, readRun(workspace, id).plan));
    try {
      return await work({ from: from!, to: to! });
    } finally {
      await Promise.all([from?.close(), to?.close()]);
    }
  }

  async function move(machines: readonly string[], from: string, to: string): Promise<readonly Failed[]> {
    const coming = machines.filter((machine) => !hasArrived(claimOf(machine), to));
    if (coming.length === 0) return [];
    try {
      return await handOverMachines({ ...landing, from, to, machines: coming });
    } catch (error) {
      signal.throwIfAborted();
      const why = sentence(error);
      const stayed = coming.filter((machine) => !hasArrived(claimOf(machine), to));
      // All of them are there, and still something is wrong: that is no machine's fault.
      if (stayed.length === 0) throw error;
      return stayed.map((machine) => ({ machine, why }));
    }
  }

  /** Of a cluster that serves nobody: what they protect is nothing. One that does not answer keeps them. */
  async function dropBudgetsOf(cluster: string): Promise<void> {
    const api = clusterApi(workspace, readRun(workspace, cluster).plan);
    try {
      await dropBudgets(api, signal);
    } catch (error) {
      signal.throwIfAborted();
      progress.line("upgrade", `the disruption budgets of ${cluster} stay: ${reason(error)}`);
    } finally {
      await api.close();
    }
  }

  return {
    land: async () => void (await landCluster({ ...landing, cluster: green })),
    rehearse: async () => {
      if (settings.gitops !== undefined) return;
      const { blockers } = await withApis((apis) => planMigration({ ...apis, settings, signal, onProgress }));
      if (blockers.length === 0) return;
      throw new LandfallError(
        "migration-blocked",
        `the work of ${blue} cannot be copied to ${green} as it is`,
        {
          found: blockers.map((each) => Object.values(each).join(": ")).join("\n"),
          expected: "nothing that is left behind in silence",
          next: `npx landfall migrate ${blue} ${green} --dry-run says more; then run the same command again`,
        },
      );
    },
    unland: async (promised) => {
      await destroyDeployed({ ...landing, cluster: green });
      // What green could not let go of, and what it let go of only as it ended.
      await move(
        promised.filter((machine) => claimOf(machine)?.holder === green),
        green,
        blue,
      );
      return promised.filter((machine) => hasArrived(claimOf(machine), blue));
    },
    prove: async (which) => {
      const { plan } = readRun(workspace, which === "blue" ? blue : green);
      // Asked again and again: only what does not hold is news.
      const say = (line: string) => {
        if (!line.startsWith("✔")) progress.line("health", line);
      };
      await proveHealth({ workspace, plan, signal, say });
    },
    check: (check) =>
      withApis(({ to }) =>
        runCheck({
          check,
          blue,
          green,
          folder: workspace.root,
          clusterFile,
          kubeconfig: writeKubeconfig(workspace, green),
          api: to,
          signal,
        }),
      ),
    handOver: async (machines, idle) => {
      if (idle) await dropBudgetsOf(blue);
      return move(machines, blue, green);
    },
    handBack: async (machines) => {
      // Nobody is served there any more, or not yet.
      if (findRun(workspace, green) !== undefined) await dropBudgetsOf(green);
      // One that is still on its way to green turns back there.
      const held = machines.filter((machine) => claimOf(machine) !== undefined);
      const failed = await move(held, green, blue);
      const lost = machines.filter(
        (machine) => !hasArrived(claimOf(machine), blue) && !failed.some((each) => each.machine === machine),
      );
      return [
        ...failed,
        ...lost.map((machine) => ({ machine, why: "it is on its way, and does not arrive" })),
      ];
    },
    migrate: async () => {
      const { gitops } = settings;
      await withApis(async (apis) => {
        if (gitops !== undefined) {
          await waitForConditions({ ...apis, gitops, signal, onProgress });
          return;
        }
        const { outcomes } = await migrate({ ...apis, settings, signal, onProgress, volumes: "move" });
        const blocked = outcomes.filter(({ outcome }) => outcome === "blocked");
        if (blocked.length === 0) {
          // It is there: traffic may come when it runs.
          const { timeouts } = readRun(workspace, green).plan;
          return awaitWork({ ...apis, blue, green, timeoutSeconds: timeouts.ready, signal, onProgress });
        }
        throw new LandfallError("migration-blocked", `not all of ${blue}'s work is in ${green}`, {
          found: blocked.map(({ object, reason: why }) => `${object}: ${why ?? "blocked"}`).join("\n"),
          next: "mend it and run the same command again, or go back with --abort",
        });
      });
    },
    unmigrate: async () => {
      if (settings.gitops !== undefined) return;
      await withApis((apis) => undoMigration({ ...apis, settings, signal, onProgress }));
    },
    shift: async (share) => {
      const traffic = trafficOf(workspace, trafficPlan(workspace, blue, green), signal);
      try {
        await cutover({ traffic, share, clock: world.clock, say: progress.line, signal });
      } finally {
        await traffic.close();
      }
    },
    archive: async () => {
      const say = (line: string) => progress.line("archive", line);
      const { file } = await archiveCluster({ workspace, cluster: blue, now: new Date(), signal, say });
      progress.line("archive", `${blue} is in ${relative(workspace.root, file)}`);
    },
    retire: async () => {
      const named = new Set(planOf(workspace, green).machines.map(({ name }) => name));
      const claims = readClaims(workspace, site);
      const last = [...claims.values()]
        .filter(({ machine, holder, handover }) => {
          const between = handover?.from === blue && handover.to === green;
          return named.has(machine) && (holder === blue || between);
        })
        .map(({ machine }) => machine);
      // Machines that go on in green leave blue's disks behind, and that is proven.
      if (last.length > 0 && readRun(workspace, green).plan.boot.service === "landfall") {
        const wave = { from: blue, to: green, machines: last };
        const failed = await handOverMachines({ ...landing, ...wave, last: true });
        if (failed.length > 0) throw incomplete(wave, failed);
      }
      if (
        findRun(workspace, blue) !== undefined ||
        isDeployed(workspace, blue, planOf(workspace, blue).state)
      )
        await destroyDeployed({ ...landing, cluster: blue });
      const to = clusterApi(workspace, readRun(workspace, green).plan);
      try {
        await settleVolumes({ to, signal });
      } finally {
        await to.close();
      }
    },
  };
}

/** The last workers of a cluster cannot be drained while a budget wants their pods elsewhere in it. */
async function dropBudgets(api: Api, signal: AbortSignal): Promise<void> {
  const path = "/apis/policy/v1/poddisruptionbudgets";
  const { value } = await getJson<{ items: readonly Budget[] }>(api, path, { signal });
  for (const { metadata } of value.items) {
    const own = `/apis/policy/v1/namespaces/${metadata.namespace}/poddisruptionbudgets/${metadata.name}`;
    const reply = await api.request({ method: "DELETE", path: own, signal });
    if (reply.status >= 300 && reply.status !== 404) throw new ApiError("delete", reply);
  }
}

interface Budget {
  readonly metadata: { readonly name: string; readonly namespace: string };
}

function hasArrived(
  claim: { readonly holder: string; readonly handover?: unknown } | undefined,
  cluster: string,
): boolean {
  return claim?.holder === cluster && claim.handover === undefined;
}

function sentence(error: unknown): string {
  const found = error instanceof LandfallError ? error.details.found : undefined;
  return found === undefined ? reason(error) : `${reason(error)} (${found.replaceAll("\n", "; ")})`;
}

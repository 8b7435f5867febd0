// Machines that change hands between two versions of a cluster: what `landfall handover` does, and each wave of a
// replacement.
import {
  checkHandover,
  type Failed,
  type HandoverWorld,
  handOver,
  handOverLast,
  turnBack,
} from "../claims/index.ts";
import type { Plan } from "../plan/index.ts";
import { LandfallError } from "../spec/error.ts";
import { readClaims } from "./claims.ts";
import { clusterApi } from "./cluster-api.ts";
import { bookOf, departureOf } from "./departure.ts";
import { destroyDeployed } from "./destroy.ts";
import { uncordon } from "./drain.ts";
import { applyStack, type LandOptions } from "./land.ts";
import { planOf } from "./project.ts";
import { awaitReady } from "./ready.ts";
import { findRun, readMachine, readRun } from "./run-record.ts";
import { isDeployed, takeCluster } from "./state.ts";
import type { Workspace } from "./workspace.ts";

export interface HandoverOptions extends Omit<LandOptions, "cluster"> {
  /** Cluster versions, as lab-v1 and lab-v2. */
  readonly from: string;
  readonly to: string;
  /** They leave at the same time, and land at the same time. */
  readonly machines: readonly string[];
  /** The old version ends with them, masters and all. Default: it goes on. */
  readonly last?: boolean;
}

/**
 * Hands machines over; those that are on the way from `to` to `from` turn back. Interrupted or killed at any moment, the
 * same call goes on. Returns the machines that have not arrived; all others are Ready.
 * @throws {LandfallError} `handover-refused` before anything is touched, and what a deploy says.
 */
export async function handOverMachines(options: HandoverOptions): Promise<readonly Failed[]> {
  const { workspace, from, to, machines, last = false, progress, signal } = options;
  const [blue, green] = [planOf(workspace, from), planOf(workspace, to)];
  check(workspace, blue, green, machines, last);
  const landing = { workspace, progress, signal, ...(options.serve && { serve: options.serve }) };
  const wave = { from, to, machines };
  const world = worldOf(landing, blue, to);
  const home = worldOf(landing, green, to);
  const turned = await home.alone(() =>
    turnBack(wave, home, async (machine) => {
      const api = clusterApi(workspace, readRun(workspace, to).plan);
      await uncordon(api, machine, signal).finally(() => api.close());
      progress.line(machine, `stays in ${to}`);
    }),
  );
  const failed = [
    ...(turned.length > 0 ? await handOver({ from: to, to, machines: turned }, home) : []),
    ...(last
      ? await handOverLast(
          wave,
          world,
          async () => void (await destroyDeployed({ ...landing, cluster: from })),
        )
      : await handOver({ ...wave, machines: machines.filter((each) => !turned.includes(each)) }, world)),
  ];
  signal.throwIfAborted();
  return failed;
}

/** From the version that `plan` is of, as its file says it, to another. */
function worldOf(landing: Omit<LandOptions, "cluster">, plan: Plan, to: string): HandoverWorld {
  const { workspace, progress, signal } = landing;
  const { cluster: from, site } = plan;
  const now = () => new Date();
  const book = bookOf(workspace, site, now);
  const context = { workspace, signal, now, say: progress.line };
  return {
    ...book,
    async alone(work) {
      const owner = await takeCluster(workspace, from, (line) => progress.line("landfall", line));
      try {
        return await work();
      } finally {
        owner.release();
      }
    },
    started: (machine) => readMachine(workspace, from, machine) !== undefined,
    departure: (machine) => departureOf(context, from, machine, true, () => book.read(machine)),
    async leave() {
      // Of a version that has ended nothing is left to be told.
      if (findRun(workspace, from) === undefined) return;
      await applyStack({ ...landing, cluster: from });
    },
    land: async () => void (await applyStack({ ...landing, cluster: to })),
    ready: (machine) => awaitReady({ workspace, signal, cluster: to }, machine),
  };
}

function check(workspace: Workspace, from: Plan, to: Plan, machines: readonly string[], last: boolean): void {
  if (new Set(machines).size !== machines.length) {
    throw new LandfallError("usage", "a machine is named twice", {
      found: machines.join(" "),
      expected: "each machine once",
    });
  }
  const deployed = findRun(workspace, from.cluster)?.plan;
  checkHandover(
    { machines },
    {
      from,
      to,
      claims: readClaims(workspace, from.site),
      masters: deployed?.machines.filter(({ role }) => role === "master").map(({ name }) => name),
      last,
      landed: findRun(workspace, to.cluster) !== undefined && isDeployed(workspace, to.cluster, to.state),
    },
  );
}

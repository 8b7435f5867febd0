// Machines that change hands between two versions of a cluster: what `landfall handover` does, and each wave of a
// replacement.
import { checkHandover, type HandoverWorld, handOver, handOverLast } from "../claims/index.ts";
import type { Plan } from "../plan/index.ts";
import { LandfallError } from "../spec/error.ts";
import { readClaims } from "./claims.ts";
import { bookOf, departureOf } from "./departure.ts";
import { destroyDeployed } from "./destroy.ts";
import { applyStack, type LandOptions, proveLanded } from "./land.ts";
import { planOf } from "./project.ts";
import { findRun } from "./run-record.ts";
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
 * Hands machines over. Interrupted or killed at any moment, the same call goes on.
 * @throws {LandfallError} `handover-refused` before anything is touched; `not-drained`, `not-wiped`, `node-stays` of one
 * machine, `handover-incomplete` of several, while the others have arrived; and what a deploy says.
 */
export async function handOverMachines(options: HandoverOptions): Promise<void> {
  const { workspace, from, to, machines, last = false, progress, signal } = options;
  const [blue, green] = [planOf(workspace, from), planOf(workspace, to)];
  check(workspace, blue, green, machines, last);
  const now = () => new Date();
  const context = { workspace, signal, now, say: progress.line };
  const landing = { workspace, progress, signal, ...(options.serve && { serve: options.serve }) };
  const world: HandoverWorld = {
    ...bookOf(workspace, blue.site, now),
    async alone(work) {
      const owner = await takeCluster(workspace, from, (line) => progress.line("landfall", line));
      try {
        return await work();
      } finally {
        owner.release();
      }
    },
    departure: (machine) => departureOf(context, from, machine, true),
    async leave() {
      // Of a version that has ended nothing is left to be told.
      if (findRun(workspace, from) === undefined) return;
      await applyStack({ ...landing, cluster: from });
    },
    land: async () => void (await applyStack({ ...landing, cluster: to })),
    prove: () => proveLanded({ ...landing, cluster: to }),
  };
  const wave = { from, to, machines };
  if (!last) return handOver(wave, world);
  await handOverLast(wave, world, async () => void (await destroyDeployed({ ...landing, cluster: from })));
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

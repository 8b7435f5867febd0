// The way out of a machine that another version of its cluster is to have: nothing is taken for granted here, and what
// cannot be proven is an error.
import type { Book, Claim, Departure } from "../claims/index.ts";
import type { Api } from "../kubernetes/index.ts";
import { LandfallError } from "../spec/error.ts";
import { endBoot, isWiped } from "./boot-orders.ts";
import { readClaim, writeClaim } from "./claims.ts";
import { deleteNode, forgetPods } from "./drain.ts";
import {
  apiWithout,
  giveUpDisk,
  hasDisk,
  type LeaveContext,
  type Leaver,
  leaver,
  moveAway,
  wipeDisk,
} from "./leave.ts";
import { forgetMachine, readMachine, readRun } from "./run-record.ts";
import type { Workspace } from "./workspace.ts";

/** Seconds that pods get to move: nothing of theirs is cut short. */
const drainSeconds = 300;

/** The project's claims on the machines of a site. */
export function bookOf(workspace: Workspace, site: string, now: () => Date): Book {
  return {
    read: (machine) => readClaim(workspace, site, machine),
    write: (claim) => writeClaim(workspace, site, claim),
    now,
  };
}

/**
 * @param livesOn whether the cluster goes on without the machine: then its pods have somewhere to go
 * @param read the machine's claim as it is by then
 */
export function departureOf(
  context: LeaveContext,
  cluster: string,
  name: string,
  livesOn: boolean,
  read: () => Claim | undefined,
): Departure {
  const { say, signal, workspace } = context;
  const landingOf = ({ record: { generation } }: Leaver) => ({ ...readRun(workspace, cluster), generation });
  const found = () => leaver(context, cluster, name) ?? neverStarted(cluster, name);
  // It turned back before anybody started it: nothing has been written on its disk since that was proven empty.
  const blank = (claim: Claim | undefined) =>
    readMachine(workspace, cluster, name) === undefined ? claim?.handover?.blank : undefined;
  const withApi = async (leaving: Leaver, work: (api: Api, leaving: Leaver) => Promise<void>) => {
    const api = apiWithout(context, leaving, livesOn);
    try {
      if (api !== undefined) await work(api, leaving);
    } finally {
      await api?.close();
    }
  };
  return {
    drain: async () => {
      if (blank(read()) !== undefined) return;
      await withApi(found(), async (api, leaving) => {
        const left = await moveAway(context, api, leaving, drainSeconds);
        const staying = left.filter(({ ending }) => !ending).map(({ pod }) => pod);
        if (staying.length > 0) throw notDrained(cluster, name, staying);
        if (left.length > 0) say(name, `${left.length} pods are ending and not heard of: they end with it`);
      });
    },
    async switchOff() {
      if (blank(read()) !== undefined) return;
      const leaving = found();
      await giveUpDisk(context, leaving, cluster, {
        start: false,
        onSilence: (error) =>
          say(
            name,
            `does not answer, and is wiped all the same: ${error instanceof Error ? error.message : error}`,
          ),
      });
      await leaving.power.off();
      say(name, "power off");
      // What cannot be said now is said when the node goes.
      await withApi(leaving, (api) => forgetPods(api, name, signal)).catch(() => signal.throwIfAborted());
    },
    async wipe() {
      const proven = blank(read());
      if (proven !== undefined) return proven;
      const leaving = found();
      const landing = landingOf(leaving);
      // Switched on by hand since: before its order is taken away it must not run.
      await leaving.power.off();
      if (!hasDisk(landing.plan, leaving.machine)) {
        await endBoot(landing, leaving.machine, true, signal);
        return "it has no disk, and its power is off";
      }
      if (!(await isWiped(landing, leaving.machine, signal))) {
        await endBoot(landing, leaving.machine, true, signal);
        await wipeDisk(context, landing, leaving);
      }
      return `its own word, by its order to be wiped for ${cluster}`;
    },
    async forget() {
      const leaving = leaver(context, cluster, name);
      if (leaving === undefined) return;
      await withApi(leaving, async (api) => {
        await deleteNode(api, name, signal).catch((error: unknown) => {
          signal.throwIfAborted();
          throw stillListed(cluster, name, error);
        });
      });
      await endBoot(landingOf(leaving), leaving.machine, true, signal);
      forgetMachine(workspace, cluster, name);
      say(name, `gone from ${cluster}`);
    },
  };
}

function neverStarted(cluster: string, name: string): never {
  throw new LandfallError("not-wiped", `nothing is known of the disk of ${name}`, {
    found: `${cluster} holds it, and has never started it`,
    expected: `a machine that ${cluster} has landed`,
    next: `land it with npx landfall deploy ${cluster}, or take it out of the file of ${cluster} and deploy: then it is free`,
  });
}

function notDrained(cluster: string, name: string, pods: readonly string[]): LandfallError {
  return new LandfallError("not-drained", `${pods.length} pods do not leave ${name}`, {
    found: pods.join(", "),
    expected: `all of them elsewhere within ${drainSeconds} s`,
    next: `see their disruption budgets, and whether ${cluster} has room for them; the same command goes on`,
  });
}

function stillListed(cluster: string, name: string, cause: unknown): LandfallError {
  return new LandfallError("node-stays", `${name} is still a node of ${cluster}`, {
    found: cause instanceof Error ? cause.message : String(cause),
    expected: "an API that forgets it",
    next: `see npx landfall status ${cluster}; the same command goes on`,
    cause,
  });
}

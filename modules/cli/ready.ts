// Whether one machine works for its cluster, whatever becomes of the others.
import { setTimeout } from "node:timers/promises";
import { getJson } from "../kubernetes/index.ts";
import { LandfallError } from "../spec/error.ts";
import { clusterApi } from "./cluster-api.ts";
import type { LandOptions } from "./land.ts";
import { readMachine, readRun } from "./run-record.ts";

interface Node {
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

/** Waits until the node of a machine that has its keys is Ready. @throws {LandfallError} `not-landed`, `not-ready` */
export async function awaitReady(
  { workspace, cluster, signal }: Pick<LandOptions, "workspace" | "cluster" | "signal">,
  machine: string,
): Promise<void> {
  signal.throwIfAborted();
  const { plan } = readRun(workspace, cluster);
  const record = readMachine(workspace, cluster, machine);
  if (record?.delivered === undefined) {
    throw new LandfallError("not-landed", `${machine} has not landed in ${cluster}`, {
      found: record?.failed ?? "it has no keys",
      expected: "a machine that has its system and its keys",
      next: "see its console and its power; the same command tries again",
    });
  }
  const deadline = performance.now() + plan.timeouts.ready * 1000;
  const api = clusterApi(workspace, plan);
  let found = "";
  try {
    for (;;) {
      try {
        const { value } = await getJson<Node>(api, `/api/v1/nodes/${machine}`, { signal });
        const ready = value.status?.conditions?.find(({ type }) => type === "Ready")?.status;
        if (ready === "True") return;
        found = `Ready: ${ready ?? "not said yet"}`;
      } catch (error) {
        signal.throwIfAborted();
        found = error instanceof Error ? error.message : String(error);
      }
      if (performance.now() > deadline) break;
      await setTimeout(500, undefined, { signal });
    }
  } finally {
    await api.close();
  }
  throw new LandfallError("not-ready", `${machine} is no Ready node of ${cluster}`, {
    found,
    expected: `Ready within ${plan.timeouts.ready} s`,
    next: `npx landfall status ${cluster} says more; the same command goes on`,
  });
}

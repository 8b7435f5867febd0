import { incomplete } from "../../claims/index.ts";
import { handOverMachines } from "../handover.ts";
import { proveLanded } from "../land.ts";
import type { Invocation } from "../main.ts";
import { printJson } from "../output.ts";
import { progressOf, stopwatch } from "../progress.ts";
import { serveIn } from "./deploy.ts";

export interface HandoverFlags {
  readonly from: string;
  readonly to: string;
  readonly retire?: boolean;
}

/** Hands machines from one version of a cluster to another, and ends when they are Ready there. */
export async function handoverCommand(
  invocation: Invocation,
  machines: readonly string[],
  { from, to, retire = false }: HandoverFlags,
): Promise<undefined> {
  const { workspace, json, signal } = invocation;
  const took = stopwatch();
  const progress = progressOf(invocation);
  const serve = serveIn(invocation);
  const failed = await handOverMachines({
    workspace,
    from,
    to,
    machines,
    last: retire,
    progress,
    signal,
    serve,
  });
  if (failed.length > 0) throw incomplete({ from, to, machines }, failed);
  await proveLanded({ workspace, cluster: to, progress, signal });
  if (json) return printJson({ from, to, machines, seconds: took() });
  process.stdout.write(`${machines.join(", ")}: Ready in ${to}, ${took().toFixed(1)} s\n`);
}

import { handOverMachines } from "../handover.ts";
import type { Invocation } from "../main.ts";
import { printJson } from "../output.ts";
import { progressOf, serveIn, stopwatch } from "./deploy.ts";

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
  await handOverMachines({ workspace, from, to, machines, last: retire, progress, signal, serve });
  if (json) return printJson({ from, to, machines, seconds: took() });
  process.stdout.write(`${machines.join(", ")}: Ready in ${to}, ${took().toFixed(1)} s\n`);
}

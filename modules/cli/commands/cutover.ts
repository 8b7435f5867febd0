import { LandfallError } from "../../spec/error.ts";
import { type CutoverReport, cutover, type Traffic } from "../../traffic/index.ts";
import type { Invocation } from "../main.ts";
import { printJson, table } from "../output.ts";
import { progressOf, stopwatch } from "../progress.ts";
import { trafficOf, trafficPlan, world } from "../traffic.ts";

export interface CutoverFlags {
  readonly share?: string;
  readonly back?: boolean;
  readonly show?: boolean;
}

/** Moves people's traffic between two versions of a cluster, or says where it goes. */
export async function cutoverCommand(
  { workspace, json, signal }: Invocation,
  from: string,
  to: string,
  flags: CutoverFlags,
): Promise<undefined> {
  const share = wantedShare(flags);
  const traffic = trafficOf(workspace, trafficPlan(workspace, from, to), signal);
  try {
    if (share === undefined) return await show(traffic, json);
    const { clock } = world;
    const took = stopwatch();
    const progress = progressOf({ json }, (text) => process.stdout.write(text));
    const report = await cutover({ traffic, share, clock, say: progress.line, signal });
    if (json) return printJson(report);
    process.stdout.write(`${summary(report)}, ${took().toFixed(1)} s\n`);
  } finally {
    await traffic.close();
  }
}

async function show({ from, to, state, shares }: Traffic, json: boolean): Promise<undefined> {
  const { share, shown, settleSeconds } = await state();
  if (json) return printJson({ from, to, share, shown, settleSeconds, shares });
  const rows = table([
    [from, `${100 - share} %`],
    [to, `${share} %`],
  ]);
  process.stdout.write(`${rows}\n${shown}; a change takes ${settleSeconds} s to be known everywhere\n`);
}

/** Undefined: nothing is to be moved. @throws {LandfallError} `usage` */
function wantedShare({ share, back = false, show = false }: CutoverFlags): number | undefined {
  const asked = [
    share === undefined ? undefined : `--share ${share}`,
    back ? "--back" : undefined,
    show ? "--show" : undefined,
  ].filter((flag) => flag !== undefined);
  if (asked.length > 1)
    throw new LandfallError("usage", "--share, --back and --show exclude each other", {
      found: asked.join(" "),
      expected: "one of them, or none for all traffic",
    });
  if (show) return undefined;
  if (share === undefined) return back ? 0 : 100;
  if (/^\d{1,3}$/.test(share) && Number(share) <= 100) return Number(share);
  throw new LandfallError("usage", "--share is a percentage", {
    found: share,
    expected: "a whole number from 0 to 100",
  });
}

function summary({ from, to, before, share, drained }: CutoverReport): string {
  const where = share === 0 ? `${from} has all traffic` : `${to} has ${share} % of the traffic`;
  const was = before === share ? ", as it had" : "";
  return `${where}${was}${drained === undefined ? "" : `; ${drained} gets none and has drained`}`;
}

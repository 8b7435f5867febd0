// How fast a machine's group is found, and how much memory that takes, beside real Matchbox in the same run.
import { readFileSync } from "node:fs";
import type { Bench, Measure } from "../measure.ts";
import type { BenchOptions } from "../run.ts";
import { withPeers } from "./peers.ts";
import { anyMachine, wrk } from "./wrk.ts";

/** Groups, and how many times Matchbox's answers a second are wanted. */
const racks = [
  { machines: 10, atLeast: 1 },
  { machines: 1_000, atLeast: undefined },
  { machines: 10_000, atLeast: 1_000 },
] as const;

export async function bootSelect({ runs, say }: BenchOptions): Promise<Bench> {
  const measures: Measure[] = [];
  for (const { machines, atLeast } of racks) {
    const found = {
      ours: [] as number[],
      theirs: [] as number[],
      ratio: [] as number[],
      memory: [] as number[],
    };
    await withPeers(machines, async ({ landfall, matchbox }) => {
      const script = anyMachine(machines);
      for (let run = 1; run <= runs; run += 1) {
        const ours = await wrk({ url: landfall.http, script, connections: 16, seconds: 4 });
        // At 10,000 groups Matchbox answers some four times a second: more connections would only wait.
        const many = machines >= 1_000;
        const theirs = await wrk({
          url: matchbox.http,
          script,
          connections: many ? 2 : 16,
          seconds: many ? 10 : 4,
        });
        found.ours.push(ours.requestsPerSecond);
        found.theirs.push(theirs.requestsPerSecond);
        found.ratio.push(ours.requestsPerSecond / theirs.requestsPerSecond);
        found.memory.push(residentMiB(landfall.pid));
        say(
          `${machines} groups: ${ours.requestsPerSecond.toFixed(0)}/s (p99 ${(ours.p99 * 1000).toFixed(1)} ms), Matchbox ${theirs.requestsPerSecond.toFixed(1)}/s`,
        );
      }
    });
    measures.push(
      { name: `boot scripts a second, ${machines} groups`, unit: "/s", values: found.ours },
      { name: `Matchbox's, ${machines} groups`, unit: "/s", values: found.theirs },
      { name: `ratio, ${machines} groups`, unit: "", values: found.ratio, atLeast },
      { name: `memory, ${machines} groups`, unit: "MiB", values: found.memory },
    );
  }
  return { name: "boot-select", measures };
}

export function residentMiB(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))![1]) / 1024;
}

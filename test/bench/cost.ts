// What three masters and two workers cost the computer that plays them, when nothing happens.
import { setTimeout as delay } from "node:timers/promises";
import type { LabUsage } from "../../modules/lab/index.ts";
import type { Rack } from "../lab/harness/rack.ts";
import type { Bench } from "./measure.ts";
import type { BenchOptions } from "./run.ts";

/** Seconds from healthy to idle, and those that are measured then. */
const settle = 30;
const sample = 30;

export async function cost({ lab }: Rack, { runs, say }: BenchOptions): Promise<Bench> {
  const memory: number[] = [];
  const cores: number[] = [];
  await delay(settle * 1000);
  for (let run = 1; run <= runs; run += 1) {
    const before = await lab.usage();
    const begun = performance.now();
    await delay(sample * 1000);
    const after = await lab.usage();
    const elapsed = (performance.now() - begun) / 1000;
    memory.push(sum(after, "memory") / 2 ** 20);
    cores.push((sum(after, "cpuSeconds") - sum(before, "cpuSeconds")) / elapsed);
    for (const [name, used] of Object.entries(after)) {
      const cpu = (used.cpuSeconds - (before[name]?.cpuSeconds ?? 0)) / elapsed;
      say(`${name.padEnd(9)} ${(used.memory / 2 ** 20).toFixed(0).padStart(5)} MiB  ${cpu.toFixed(3)} cores`);
    }
  }
  return {
    name: "cost",
    measures: [
      { name: "memory of 3 + 2 machines and the lab", unit: "MiB", values: memory, atMost: 4096 },
      { name: "idle CPU of the same", unit: "cores", values: cores, atMost: 0.5 },
    ],
  };
}

function sum(usage: LabUsage, what: "memory" | "cpuSeconds"): number {
  return Object.values(usage).reduce((total, part) => total + part[what], 0);
}

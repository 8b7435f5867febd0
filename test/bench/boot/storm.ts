// 1,000 machines boot at the same moment: boot.ipxe, its chain, Ignition, metadata.
import { join } from "node:path";
import { execa } from "execa";
import type { Matchbox } from "../../support/matchbox.ts";
import type { Bench, Measure } from "../measure.ts";
import type { BenchOptions } from "../run.ts";
import { orderAll } from "./orders.ts";
import { withPeers } from "./peers.ts";
import { residentMiB } from "./select.ts";

const machines = 1_000;

interface Storm {
  /** Seconds. */
  readonly p99: number;
  readonly all: number;
}

export async function bootStorm({ runs, say }: BenchOptions): Promise<Bench> {
  const found: Record<"plain" | "ordered" | "matchbox", Storm[]> = { plain: [], ordered: [], matchbox: [] };
  const memory: number[] = [];
  for (let run = 1; run <= runs; run += 1) {
    await withPeers(machines, async ({ landfall, matchbox }) => {
      found.plain.push(await storm(landfall));
      // It reads every group for every request, and takes a minute or more: once.
      if (run === 1) found.matchbox.push(await storm(matchbox));
      await orderAll(landfall, machines);
      found.ordered.push(await storm(landfall));
      memory.push(residentMiB(landfall.pid));
    });
    for (const [name, storms] of Object.entries(found)) {
      const { p99, all } = storms.at(-1)!;
      say(`${name}: p99 ${(p99 * 1000).toFixed(0)} ms, all in ${all.toFixed(2)} s`);
    }
  }
  const names = {
    plain: "no orders in use",
    ordered: "each takes its order, written to the disk",
    matchbox: "Matchbox",
  } as const;
  const measures = (Object.keys(names) as (keyof typeof names)[]).flatMap((kind): Measure[] => [
    { name: `p99, ${names[kind]}`, unit: "s", values: found[kind].map(({ p99 }) => p99) },
    { name: `all have booted, ${names[kind]}`, unit: "s", values: found[kind].map(({ all }) => all) },
  ]);
  const theirs = found.matchbox[0]!.p99;
  const ratios = (["plain", "ordered"] as const).map(
    (kind): Measure => ({
      name: `p99 as a part of Matchbox's, ${names[kind]}`,
      unit: "",
      values: found[kind].map(({ p99 }) => p99 / theirs),
      atMost: 1,
    }),
  );
  return {
    name: "boot-storm",
    measures: [...measures, ...ratios, { name: "memory", unit: "MiB", values: memory }],
  };
}

async function storm({ http }: Matchbox): Promise<Storm> {
  const herd = join(import.meta.dirname, "herd.ts");
  const { stdout } = await execa(process.execPath, [herd, http, String(machines)], { maxBuffer: 2 ** 27 });
  const { all, times } = JSON.parse(stdout) as { readonly all: number; readonly times: number[] };
  const sorted = times.toSorted((a, b) => a - b);
  return { p99: sorted[Math.floor(sorted.length * 0.99)]! / 1000, all: all / 1000 };
}

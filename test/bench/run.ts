// `npm run bench`: what Landfall costs and how fast it is, beside its targets. `npm run bench -- landing --runs 1` runs
// one of them. Exits 1 if a target is missed.
import { parseArgs } from "node:util";
import { execa } from "execa";
import type { Rack } from "../lab/harness/rack.ts";
import { bootAssets } from "./boot/assets.ts";
import { bootMemory } from "./boot/memory.ts";
import { bootSelect } from "./boot/select.ts";
import { bootStorm } from "./boot/storm.ts";
import { cluster, withRack } from "./cluster.ts";
import { cost } from "./cost.ts";
import { failover } from "./failover.ts";
import { landing } from "./landing.ts";
import { type Bench, isMet, json, table } from "./measure.ts";
import { powercut } from "./powercut.ts";
import { synth } from "./synth.ts";

export interface BenchOptions {
  /** How often each measurement is made. */
  readonly runs: number;
  /** A line for people. */
  readonly say: (line: string) => void;
}

interface Known<Args extends unknown[]> {
  readonly name: string;
  readonly what: string;
  readonly run: (...args: [...Args, BenchOptions]) => Promise<Bench>;
}

const alone: readonly Known<[]>[] = [
  {
    name: "boot-select",
    what: "boot scripts a second beside Matchbox, 10 to 10,000 groups",
    run: bootSelect,
  },
  { name: "boot-storm", what: "1,000 machines that boot at once", run: bootStorm },
  { name: "boot-memory", what: "memory at 10,000 machines with orders and the page", run: bootMemory },
  { name: "boot-assets", what: "an image to 1, 8 and 200 machines beside nginx", run: bootAssets },
  { name: "synth", what: "from files to cdktf.out, 10 to 1,000 machines", run: synth },
  { name: "landing", what: "from power to Ready and to a Service, beside kubeadm", run: landing },
];
/** On one cluster, in this order. */
const onCluster: readonly Known<[Rack]>[] = [
  { name: "cost", what: "memory and idle CPU of 3 + 2 machines", run: cost },
  { name: "failover", what: "the API's longest silence when the holder of its address dies", run: failover },
  { name: "powercut", what: "all masters lose power at once, with no boot service to help", run: powercut },
];

const { values, positionals: wanted } = parseArgs({
  allowPositionals: true,
  options: {
    runs: { type: "string", default: "3" },
    json: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});
const runs = Number(values.runs);
const unknown = wanted.filter((name) => ![...alone, ...onCluster].some((bench) => bench.name === name));
const mistaken = unknown.length > 0 || !Number.isInteger(runs) || runs < 1;
if (mistaken || values.help) {
  console.error("usage: npm run bench -- [NAME...] [--runs N] [--json]");
  for (const { name, what } of [...alone, ...onCluster]) console.error(`  ${name.padEnd(11)} ${what}`);
  process.exit(mistaken ? 2 : 0);
}

// Packages, tools and releases, if they are not there yet. What it says is no part of the result.
await execa("landfall", ["lab", "setup", "--tests"], { stdio: ["ignore", 2, 2], preferLocal: true });

const isWanted = ({ name }: { readonly name: string }) => wanted.length === 0 || wanted.includes(name);
const options = { runs, say: (line: string) => console.error(`   ${line}`) };
const done: Bench[] = [];
for (const { name, what, run } of alone.filter(isWanted)) {
  console.error(`== ${name}: ${what}`);
  done.push(await run(options));
}
if (onCluster.some(isWanted)) {
  await withRack(async (rack) => {
    console.error(
      `== a cluster for ${onCluster
        .filter(isWanted)
        .map(({ name }) => name)
        .join(", ")}`,
    );
    await rack.landfall("deploy", cluster);
    for (const { name, what, run } of onCluster.filter(isWanted)) {
      console.error(`== ${name}: ${what}`);
      done.push(await run(rack, options));
    }
  });
}
console.log(values.json ? json(done) : table(done));
process.exit(done.every(({ measures }) => measures.every(isMet)) ? 0 : 1);

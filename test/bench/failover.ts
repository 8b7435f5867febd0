// The master that holds the API's address loses its power: how long is the API silent at that address?
import { setTimeout as delay } from "node:timers/promises";
import { execa } from "execa";
import { inside, labNames } from "../../modules/lab/index.ts";
import type { Api } from "../lab/harness/api.ts";
import { eventually } from "../lab/harness/eventually.ts";
import type { Rack } from "../lab/harness/rack.ts";
import { cluster, masters, planOf } from "./cluster.ts";
import type { Bench } from "./measure.ts";
import type { BenchOptions } from "./run.ts";

/** Seconds that are watched before the cut, and after it. */
const before = 3;
const after = 25;
const everyMs = 100;

export async function failover(rack: Rack, { runs, say }: BenchOptions): Promise<Bench> {
  const gaps: number[] = [];
  const api = await rack.api(cluster);
  for (let run = 1; run <= runs; run += 1) {
    const holder = await eventually("a master that holds the endpoint's address", 60, () => holderOf(rack));
    const answers = watch(api, before + after);
    await delay(before * 1000);
    await rack.lab.cutPower([holder]);
    const gap = longestGap(await answers);
    say(`run ${run}: ${holder} lost its power, the longest silence was ${gap.toFixed(1)} s`);
    gaps.push(gap);
    await rack.lab.powerOn([holder]);
    await eventually(`the API of ${holder}`, 120, async () => {
      const { address } = planOf(rack).machines.find(({ name }) => name === holder)!;
      const { status } = await api.ask("/readyz", { server: `https://${address}:6443` });
      return status === 200 ? true : undefined;
    });
  }
  return {
    name: "failover",
    measures: [{ name: "longest silence of the API at its endpoint", unit: "s", values: gaps, atMost: 5 }],
  };
}

async function holderOf(rack: Rack): Promise<string | undefined> {
  const { endpoint } = planOf(rack);
  for (const master of masters) {
    const namespace = labNames(rack.project.name).namespace(master);
    const [program = "", ...args] = inside(namespace, ["ip", "-o", "addr", "show", "to", endpoint.address!]);
    const { stdout } = await execa(program, args);
    if (stdout !== "") return master;
  }
  return undefined;
}

/** Asks ten times a second, whether or not the ones before are answered. Returns when each answer came, in seconds. */
async function watch(api: Api, seconds: number): Promise<readonly number[]> {
  const answers: number[] = [];
  const asked: Promise<void>[] = [];
  const begun = performance.now();
  const elapsed = () => (performance.now() - begun) / 1000;
  while (elapsed() < seconds) {
    asked.push(
      api.ask("/api/v1/namespaces/kube-system", { timeoutMs: 1000 }).then(
        ({ status }) => {
          if (status === 200) answers.push(elapsed());
        },
        () => {},
      ),
    );
    await delay(everyMs);
  }
  await Promise.all(asked);
  return [0, ...answers.toSorted((a, b) => a - b), elapsed()];
}

function longestGap(times: readonly number[]): number {
  return Math.max(...times.slice(1).map((time, index) => time - times[index]!));
}

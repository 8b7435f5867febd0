// Clusters to replace, for this module's tests: small and whole, so that a test says only what it is about.
import type { ClusterId, Plan } from "../plan/index.ts";
import { testMachine, testPlan } from "../plan/testing.ts";
import { type Journal, openJournal } from "./journal.ts";
import type { Load, RolloutInput, RolloutPlan, Timing } from "./types.ts";

export interface TestCluster {
  readonly masters: readonly string[];
  /** Of the pool `workers`, or by pool. */
  readonly workers: readonly string[] | Readonly<Record<string, readonly string[]>>;
  /** Pools that ordinary pods stay away from, beside the masters. */
  readonly tainted?: readonly string[];
}

export function testCluster(version: string, { masters, workers, tainted = [] }: TestCluster): Plan {
  const pools = Object.entries(Array.isArray(workers) ? { workers } : workers) as [string, string[]][];
  const pool = (name: string, role: "master" | "worker", machines: readonly string[], taint: boolean) => ({
    name,
    role,
    machines,
    labels: {},
    taints: taint ? [{ key: name, effect: "NoSchedule" }] : [],
    files: [],
    disk: "/dev/sda",
  });
  const all = [
    pool("masters", "master", masters, true),
    ...pools.map(([name, machines]) => pool(name, "worker", machines, tainted.includes(name))),
  ];
  return testPlan({
    cluster: `prod-${version}`,
    name: "prod",
    version,
    pools: all,
    machines: all.flatMap(({ name, role, machines }) =>
      machines.map((machine, index) =>
        testMachine({ name: machine, pool: name, role, address: `10.0.1.${index + 1}` }),
      ),
    ),
  });
}

export const timing: Timing = {
  land: 400,
  leave: 100,
  migrate: 60,
  shift: 30,
  archive: 20,
  retire: 50,
  check: 10,
};

/** Blue holds whatever it names; nobody holds anything else. */
export function testInput(blue: Plan, green: Plan, more: Partial<RolloutInput> = {}): RolloutInput {
  return { blue, green, replacement: {}, holders: holds(blue), spares: [], load: undefined, timing, ...more };
}

export function holds(...clusters: readonly Plan[]): Map<string, ClusterId> {
  return new Map(
    clusters.flatMap(({ cluster, machines }) => machines.map(({ name }) => [name, cluster] as const)),
  );
}

/** Machines of 4 cores and 16 GiB, and work that requests so many cores, with 2 GiB each. */
export function testLoad(machines: Iterable<string>, cores: Readonly<Record<string, number>>): Load {
  return {
    sizes: new Map([...machines].map((machine) => [machine, { cpu: 4000, memory: 16 * 2 ** 30 }])),
    demands: Object.entries(cores).map(([pool, count]) => ({
      ...(pool !== "any" && { pool }),
      cpu: count * 1000,
      memory: count * 2 * 2 ** 30,
    })),
  };
}

/** `w1`, `w2`, ... */
export function names(letter: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${letter}${index + 1}`);
}

/** NAME-v1 is to be replaced by NAME-v2 in four steps, the last of which has no way back; nothing was done yet. */
export function testJournal(name: string, started: Date): Journal {
  const step = { seconds: 60, room: { blue: { machines: 2 }, green: { machines: 2 } }, reversible: true };
  const plan: RolloutPlan = {
    name,
    blue: `${name}-v1`,
    green: `${name}-v2`,
    releases: { blue: "1.34.1", green: "1.35.1" },
    steps: [
      { ...step, id: "land", kind: "land", machines: ["s1", "s2"] },
      { ...step, id: "soak", kind: "soak", soak: 60 },
      { ...step, id: "cut-over", kind: "cut-over" },
      { ...step, id: "retire", kind: "retire", machines: ["m1", "w1"], reversible: false },
    ],
    needed: { machines: 2 },
    machines: [],
    assumptions: [],
    seconds: 240,
  };
  const files = testPlan({ machines: [] });
  return openJournal(plan, { blue: files, green: files, replacement: undefined }, started);
}

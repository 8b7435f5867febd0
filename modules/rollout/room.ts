// Whether machines have room for work: sums for each kind of machine, as a scheduler that packs well would need them.
import type { Plan, PoolPlan } from "../plan/types.ts";
import type { Amount, Demand, Load, Size } from "./types.ts";

/** What work must find room for, and where it may run. */
export interface Need {
  /** A pool with taints; undefined: any pool without. */
  readonly pool: string | undefined;
  readonly amount: Amount;
}

const none: Amount = { machines: 0 };

/** What machines of a cluster offer to each need. */
export class Rooms {
  readonly needs: readonly Need[];
  readonly #size: (machine: string) => Size | undefined;

  /** `percent` of what is requested. Without a load, half of `workers` machines are taken for enough. */
  constructor(load: Load | undefined, percent: number, workers: number, green: Plan) {
    const sizes = [...(load?.sizes.values() ?? [])];
    if (load === undefined || sizes.length === 0) {
      const machines = Math.ceil((Math.ceil(workers / 2) * percent) / 100);
      this.needs = [{ pool: undefined, amount: { machines } }];
      this.#size = () => undefined;
      return;
    }
    const smallest = {
      cpu: Math.min(...sizes.map(({ cpu }) => cpu)),
      memory: Math.min(...sizes.map(({ memory }) => memory)),
    };
    this.#size = (machine) => load.sizes.get(machine) ?? smallest;
    // Work of a pool that green has no more runs where everything else does.
    const pools = new Set(green.pools.filter(isTainted).map(({ name }) => name));
    const poolOf = ({ pool }: Demand) => (pool !== undefined && pools.has(pool) ? pool : undefined);
    const byPool = Map.groupBy(load.demands, poolOf);
    const share = (value: number) => Math.ceil((value * percent) / 100);
    this.needs = [...byPool].map(([pool, demands]) => ({
      pool,
      amount: {
        machines: 0,
        cpu: share(demands.reduce((sum, { cpu }) => sum + cpu, 0)),
        memory: share(demands.reduce((sum, { memory }) => sum + memory, 0)),
      },
    }));
  }

  /** Of all machines together, whichever pool they are in. */
  total(machines: Iterable<string>): Amount {
    let sum = none;
    for (const machine of machines) sum = plus(sum, { machines: 1, ...this.#size(machine) });
    return sum;
  }

  /** What is missing for a need on these machines of a cluster; undefined: nothing. */
  lack(need: Need, cluster: Plan, machines: ReadonlySet<string>): Amount | undefined {
    const have = this.total(this.for(need, cluster, machines));
    const lack = combined(minus(need.amount, have), none, Math.max);
    return covers(none, lack) ? undefined : lack;
  }

  /** Those of the machines on which the need's work may run. */
  for(need: Need, cluster: Plan, machines: ReadonlySet<string>): string[] {
    return cluster.pools
      .filter((pool) => takes(pool, need))
      .flatMap((pool) => pool.machines.filter((machine) => machines.has(machine)));
  }
}

/** Blue's own pools are told apart by their taints too: work with a pool of its own never counts elsewhere. */
function takes(pool: PoolPlan, { pool: wanted }: Need): boolean {
  return wanted === undefined ? !isTainted(pool) : pool.name === wanted;
}

/** Whether ordinary pods stay away from it. */
export function isTainted({ taints }: PoolPlan): boolean {
  return taints.some(({ effect }) => effect !== "PreferNoSchedule");
}

export function sumOf(needs: readonly Need[]): Amount {
  return needs.reduce((sum, { amount }) => plus(sum, amount), none);
}

/** Whether there is at least as much of everything that is asked for. */
export function covers(have: Amount, asked: Amount): boolean {
  const { machines, cpu, memory } = minus(asked, have);
  return machines <= 0 && (cpu ?? 0) <= 0 && (memory ?? 0) <= 0;
}

function plus(a: Amount, b: Amount): Amount {
  return combined(a, b, (x, y) => x + y);
}

/** Only of what `a` knows. */
function minus(a: Amount, b: Amount): Amount {
  return {
    machines: a.machines - b.machines,
    ...(a.cpu !== undefined && { cpu: a.cpu - (b.cpu ?? 0) }),
    ...(a.memory !== undefined && { memory: a.memory - (b.memory ?? 0) }),
  };
}

function combined(a: Amount, b: Amount, of: (x: number, y: number) => number): Amount {
  return {
    machines: of(a.machines, b.machines),
    ...((a.cpu ?? b.cpu) !== undefined && { cpu: of(a.cpu ?? 0, b.cpu ?? 0) }),
    ...((a.memory ?? b.memory) !== undefined && { memory: of(a.memory ?? 0, b.memory ?? 0) }),
  };
}

/** `12.5 cores, 48.0 GiB`, or `3 machines` where nothing else is known. */
export function amountText({ machines, cpu, memory }: Amount): string {
  if (cpu === undefined || memory === undefined) return `${machines} machine${machines === 1 ? "" : "s"}`;
  return `${(cpu / 1000).toFixed(1)} cores, ${(memory / 2 ** 30).toFixed(1)} GiB`;
}

// From two clusters, who holds what, and what blue's workloads request: every step of the replacement, in order. Pure.
//
// The order: green lands on machines that are free, and is proven, before anything of blue's is touched. Then blue lends it
// workers, as few as it takes for green to have room for the work, and only those that blue can do without: until the end
// of the hold blue has to be able to run everything, for that is what an abort goes back to. The rest of blue's workers
// follow after the hold, when nothing runs on them any more, and its masters when blue has ended.
import type { ClusterId, Plan } from "../plan/types.ts";
import { LandfallError } from "../spec/index.ts";
import { replacementOf, waveSize } from "./replacement.ts";
import { amountText, type Need, Rooms, sumOf } from "./room.ts";
import type {
  Amount,
  Check,
  MachineMove,
  Replacement,
  RolloutInput,
  RolloutPlan,
  Room,
  Step,
  Timing,
} from "./types.ts";

/**
 * @throws {LandfallError} `replacement-refused`, `masters-missing`, `machines-taken`, `room-missing`, with what is missing
 */
export function planRollout(input: RolloutInput): RolloutPlan {
  const { blue, green, holders } = input;
  checkPair(blue, green);
  const replacement = replacementOf(input.replacement);
  const held = (cluster: ClusterId) =>
    new Set([...holders].filter(([, holder]) => holder === cluster).map(([machine]) => machine));
  const [ofBlue, ofGreen] = [held(blue.cluster), held(green.cluster)];
  checkHolders(input, ofBlue);

  const named = green.machines.map(({ name }) => name);
  const first = named.filter((machine) => !ofBlue.has(machine));
  const workers = blue.machines
    .filter(({ name, role }) => role === "worker" && ofBlue.has(name))
    .map(({ name }) => name);
  const follow = named.filter((machine) => workers.includes(machine));
  const last = named.filter((machine) => ofBlue.has(machine) && !follow.includes(machine));

  const rooms = new Rooms(input.load, replacement.capacity, workers.length, green);
  const size = waveSize(replacement, workers.length);
  const lent = lend(input, rooms, ofBlue, new Set([...first, ...ofGreen]), follow);
  const builder = new StepBuilder(input, rooms, ofBlue, new Set(ofGreen));
  layOut(builder, {
    replacement,
    timing: input.timing,
    first,
    early: chunks(lent, size),
    late: chunks(
      follow.filter((machine) => !lent.includes(machine)),
      size,
    ),
    last,
    released: [...ofBlue].filter((machine) => !follow.includes(machine)),
  });
  const { steps } = builder;
  return {
    name: blue.name,
    blue: blue.cluster,
    green: green.cluster,
    releases: { blue: blue.kubernetes, green: green.kubernetes },
    steps,
    needed: sumOf(rooms.needs),
    machines: moves(input, ofBlue, steps),
    assumptions: assumptions(input, named, workers),
    seconds: steps.reduce((sum, { seconds }) => sum + seconds, 0),
  };
}

/** The first step that nothing takes back. */
export function pointOfNoReturn({ steps }: RolloutPlan): number {
  const index = steps.findIndex(({ reversible }) => !reversible);
  return index === -1 ? steps.length : index;
}

interface Layout {
  readonly replacement: Replacement;
  readonly timing: Timing;
  readonly first: readonly string[];
  readonly early: readonly (readonly string[])[];
  readonly late: readonly (readonly string[])[];
  readonly last: readonly string[];
  readonly released: readonly string[];
}

function layOut(steps: StepBuilder, layout: Layout): void {
  const { replacement, timing, first, early, late, last, released } = layout;
  const { soak, canary, hold } = replacement;
  const checks = (after: Check["after"]) => {
    for (const check of replacement.checks.filter((each) => each.after === after))
      steps.add({ id: `check-${check.name}`, kind: "check", check, seconds: timing.check });
  };
  steps.gain(first);
  steps.add({ id: "land", kind: "land", machines: first, seconds: steps.landing(first) });
  if (soak > 0) steps.add({ id: "soak", kind: "soak", soak, seconds: soak });
  checks("landing");
  let wave = 0;
  const move = (machines: readonly string[]) => {
    wave += 1;
    steps.lose(machines);
    const seconds = timing.leave + steps.landing(machines);
    steps.add({ id: `wave-${wave}`, kind: "wave", wave, machines, seconds });
    steps.gain(machines);
  };
  for (const machines of early) move(machines);
  steps.add({ id: "migrate", kind: "migrate", seconds: timing.migrate });
  checks("migration");
  if (canary !== undefined) {
    const seconds = timing.shift + canary.seconds + timing.check;
    steps.add({ id: "canary", kind: "canary", canary, seconds });
  }
  steps.add({ id: "cut-over", kind: "cut-over", seconds: timing.shift });
  steps.add({ id: "hold", kind: "hold", hold, seconds: hold });
  steps.add({ id: "archive", kind: "archive", seconds: timing.archive });
  steps.noReturn();
  for (const machines of late) move(machines);
  steps.lose(released);
  steps.add({ id: "retire", kind: "retire", machines: released, seconds: timing.retire });
  // Where nothing is left to come too: green is proven once more without blue, and gets what stayed behind on the way.
  const seconds = Math.max(steps.landing(last), timing.check);
  steps.add({ id: "settle", kind: "settle", machines: last, seconds });
}

/** A union's members, each without some keys. */
type Without<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

class StepBuilder {
  readonly steps: Step[] = [];
  readonly #input: RolloutInput;
  readonly #rooms: Rooms;
  readonly #blue: Set<string>;
  readonly #green: Set<string>;
  #reversible = true;

  constructor(input: RolloutInput, rooms: Rooms, blue: ReadonlySet<string>, green: Set<string>) {
    this.#input = input;
    this.#rooms = rooms;
    this.#blue = new Set(blue);
    this.#green = green;
  }

  add(step: Without<Step, "room" | "reversible">): void {
    this.steps.push({ ...step, room: this.#room(), reversible: this.#reversible } as Step);
  }

  noReturn(): void {
    this.#reversible = false;
  }

  lose(machines: readonly string[]): void {
    for (const machine of machines) this.#blue.delete(machine);
  }

  gain(machines: readonly string[]): void {
    for (const machine of machines) this.#green.add(machine);
  }

  /** All at once, but for what the site's breakers bear. */
  landing(machines: readonly string[]): number {
    const { timing, green } = this.#input;
    return machines.length === 0 ? 0 : timing.land + (machines.length - 1) * green.power.stagger;
  }

  #room(): Room {
    const { blue, green } = this.#input;
    return { blue: this.#offered(blue, this.#blue), green: this.#offered(green, this.#green) };
  }

  /** Only what the work may use. */
  #offered(cluster: Plan, machines: ReadonlySet<string>): Amount {
    const { needs } = this.#rooms;
    return this.#rooms.total(new Set(needs.flatMap((need) => this.#rooms.for(need, cluster, machines))));
  }
}

/**
 * The workers that blue lends green before the traffic moves: as few as it takes.
 * @throws {LandfallError} `room-missing`
 */
function lend(
  { blue, green, spares }: RolloutInput,
  rooms: Rooms,
  ofBlue: ReadonlySet<string>,
  landed: ReadonlySet<string>,
  follow: readonly string[],
): string[] {
  const [left, gained] = [new Set(ofBlue), new Set(landed)];
  const lent: string[] = [];
  for (const need of rooms.needs) {
    for (;;) {
      const lack = rooms.lack(need, green, gained);
      if (lack === undefined) break;
      const useful = rooms.for(need, green, new Set(follow.filter((each) => left.has(each))));
      const machine = follow.find((each) => useful.includes(each) && canSpare(rooms, blue, left, each));
      if (machine === undefined) throw roomMissing({ need, lack, blue, green, spares, useful });
      left.delete(machine);
      gained.add(machine);
      lent.push(machine);
    }
  }
  return lent;
}

function canSpare(rooms: Rooms, blue: Plan, left: ReadonlySet<string>, machine: string): boolean {
  const without = new Set([...left].filter((each) => each !== machine));
  return rooms.needs.every((need) => {
    // What this machine has no part in cannot get worse by its going.
    if (!rooms.for(need, blue, left).includes(machine)) return true;
    return rooms.lack(need, blue, without) === undefined;
  });
}

interface Shortage {
  readonly need: Need;
  readonly lack: Amount;
  readonly blue: Plan;
  readonly green: Plan;
  readonly spares: readonly string[];
  /** Blue's workers that would help. */
  readonly useful: readonly string[];
}

function roomMissing({ need, lack, blue, green, spares, useful }: Shortage): LandfallError {
  const pool = need.pool === undefined ? "" : ` in the pool ${need.pool}`;
  const work = lack.cpu === undefined ? "half of blue's workers, the work not being known" : "the work";
  const why =
    useful.length === 0
      ? `${green.cluster} names no worker of ${blue.cluster}'s that would add to it`
      : `${blue.cluster} cannot do without any of ${useful.join(", ")} until the traffic has moved`;
  const add = spares.length === 0 ? "add machines to the site" : `free machines are ${spares.join(", ")}`;
  return new LandfallError(
    "room-missing",
    `${green.cluster} has no room for what ${blue.cluster} runs${pool}: ${amountText(lack)} missing`,
    {
      found: why,
      expected: `room for ${amountText(need.amount)} (${work}) in both clusters at once, so that either can carry it`,
      next: `name more machines in ${green.cluster}'s file (${add}), or ask for less room: replacement.capacity`,
    },
  );
}

function checkPair(blue: Plan, green: Plan): void {
  const found =
    blue.cluster === green.cluster
      ? `${blue.cluster} twice`
      : blue.name !== green.name
        ? `the clusters ${blue.name} and ${green.name}`
        : blue.site !== green.site
          ? `${blue.cluster} at ${blue.site}, ${green.cluster} at ${green.site}`
          : undefined;
  if (found === undefined) return;
  throw new LandfallError("replacement-refused", `${green.cluster} cannot take ${blue.cluster}'s place`, {
    found,
    expected: "two versions of one cluster, at one site",
    next: "write clusters/NAME-VERSION.yaml for the new version, with the name of the old one",
  });
}

/** Everything that green cannot have at first, at once. */
function checkHolders({ blue, green, holders, spares }: RolloutInput, ofBlue: ReadonlySet<string>): void {
  const others = green.machines.filter(({ name }) => {
    const holder = holders.get(name);
    return holder !== undefined && holder !== blue.cluster && holder !== green.cluster;
  });
  if (others.length > 0) {
    throw new LandfallError(
      "machines-taken",
      `${green.cluster} names machines of a cluster that it does not replace`,
      {
        found: others.map(({ name }) => `${name} is held by ${holders.get(name)}`).join(", "),
        expected: `machines that are free, or held by ${blue.cluster}`,
        next: `take them out of ${green.cluster}'s file, or retire who holds them`,
      },
    );
  }
  const masters = green.machines.filter(({ role }) => role === "master").map(({ name }) => name);
  const missing = masters.filter((name) => ofBlue.has(name));
  if (missing.length === 0) return;
  const free = spares.length === 0 ? "none" : spares.join(", ");
  throw new LandfallError(
    "masters-missing",
    `${green.cluster} needs ${masters.length} machines for its masters before ${blue.cluster} gives any up: ${missing.length} of them missing`,
    {
      found: `${missing.join(", ")}: ${blue.cluster} holds ${missing.length === 1 ? "it" : "them"}; free machines that no file names: ${free}`,
      expected: `masters on machines that ${blue.cluster} does not hold`,
      next: `name ${missing.length} free machine${missing.length === 1 ? "" : "s"} as masters of ${green.cluster}; ${missing.join(", ")} can follow as workers`,
    },
  );
}

function moves(
  { blue, green }: RolloutInput,
  ofBlue: ReadonlySet<string>,
  steps: readonly Step[],
): MachineMove[] {
  const arrives = new Map<string, string>();
  const leaves = new Map<string, string>();
  for (const step of steps) {
    if (!("machines" in step)) continue;
    for (const machine of step.machines) (step.kind === "retire" ? leaves : arrives).set(machine, step.id);
  }
  const poolOf = (cluster: Plan) => new Map(cluster.machines.map(({ name, pool }) => [name, pool]));
  const [from, to] = [poolOf(blue), poolOf(green)];
  const all = new Set([...[...from.keys()].filter((name) => ofBlue.has(name)), ...ofBlue, ...to.keys()]);
  return [...all].map((machine) => ({
    machine,
    from: ofBlue.has(machine) ? from.get(machine) : undefined,
    to: to.get(machine),
    step: arrives.get(machine) ?? leaves.get(machine) ?? "land",
  }));
}

function assumptions(
  { blue, load }: RolloutInput,
  named: readonly string[],
  workers: readonly string[],
): string[] {
  if (load === undefined || load.sizes.size === 0) {
    const half = Math.ceil(workers.length / 2);
    return [
      `half of ${blue.cluster}'s workers (${half} of ${workers.length}) are enough for its work: what that requests is not known`,
    ];
  }
  const unknown = named.filter((machine) => !load.sizes.has(machine));
  if (unknown.length === 0) return [];
  const is = unknown.length === 1 ? "is" : "are";
  return [`${unknown.join(", ")} ${is} as large as the smallest worker of ${blue.cluster}`];
}

function chunks<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );
}

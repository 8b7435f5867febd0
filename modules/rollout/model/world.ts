// Two clusters on machines that die, a command that is killed anywhere, a clock that jumps. Planner, journal and engine are
// the real ones; what they do to the world is played here, machine by machine, and looked at after every move.
import type { ClusterId } from "../../plan/types.ts";
import { LandfallError } from "../../spec/index.ts";
import {
  abortRollout,
  type Effects,
  type Failed,
  type RolloutEvent,
  runRollout,
  type World,
} from "../engine.ts";
import { type Journal, openJournal } from "../journal.ts";
import { planRollout, pointOfNoReturn } from "../plan.ts";
import { replacementOf } from "../replacement.ts";
import { Rooms } from "../room.ts";
import type { Load, RolloutInput, RolloutPlan } from "../types.ts";

/** What may be wrong on purpose: the model must catch it. */
export interface Faulty {
  readonly plan?: (plan: RolloutPlan) => RolloutPlan;
  readonly effects?: (effects: Effects) => Effects;
  readonly save?: (save: World["save"]) => World["save"];
  readonly run?: typeof runRollout;
  readonly abort?: typeof abortRollout;
}

/** What happens at a moment, chosen by the story. */
export interface Fate {
  /** Whether the command is killed here. */
  readonly kill: () => boolean;
  /** A machine that loses its power for good, until somebody mends it; undefined: none. */
  readonly death: (machines: readonly string[]) => string | undefined;
  /** Between 0 and 1: how long things take, of their range. */
  readonly pace: () => number;
}

/** Nothing goes wrong. */
export const calm: Fate = { kill: () => false, death: () => undefined, pace: () => 0.5 };

/** The command's process ended where it stood. */
export class Killed extends Error {}

interface Cluster {
  readonly id: ClusterId;
  /** Whether its control plane stands. */
  landed: boolean;
  /** Machines whose node is in its API. */
  readonly nodes: Set<string>;
  /** Whether the work runs on it. */
  work: boolean;
}

export class SimulatedWorld {
  readonly plan: RolloutPlan;
  readonly blue: Cluster;
  readonly green: Cluster;
  /** Who claims a machine. */
  readonly claims: Map<string, ClusterId>;
  readonly dead = new Set<string>();
  readonly log: string[] = [];
  /** Milliseconds. */
  time = Date.parse("2026-01-02T03:04:05Z");
  /** Percent of the traffic at green. */
  share = 0;
  archived = false;
  journal: Journal;
  /** The least room that the cluster with the traffic had, as percent of what was needed. */
  leastRoom = Number.POSITIVE_INFINITY;
  readonly #input: RolloutInput;
  readonly #rooms: Rooms;
  readonly #fate: Fate;
  readonly #faulty: Faulty;
  #life = { over: false };
  #heldSince: number | undefined;

  constructor(input: RolloutInput, fate: Fate, faulty: Faulty = {}) {
    this.#input = input;
    this.#fate = fate;
    this.#faulty = faulty;
    const planned = planRollout(input);
    this.plan = faulty.plan?.(planned) ?? planned;
    this.claims = new Map(input.holders);
    const nodes = [...input.holders].filter(([, id]) => id === input.blue.cluster).map(([name]) => name);
    this.blue = { id: input.blue.cluster, landed: true, nodes: new Set(nodes), work: true };
    this.green = { id: input.green.cluster, landed: false, nodes: new Set(), work: false };
    const workers = input.blue.machines.filter(({ role }) => role === "worker").length;
    this.#rooms = new Rooms(input.load as Load, input.replacement?.capacity ?? 100, workers, input.green);
    this.journal = openJournal(this.plan, input, new Date(this.time));
  }

  /** One run of the command, from the journal as it was last written. */
  async command(what: "run" | "abort"): Promise<void> {
    this.#life = { over: false };
    const life = this.#life;
    const { run = runRollout, abort = abortRollout } = this.#faulty;
    const save = (journal: Journal) => {
      if (life.over) throw new Killed();
      this.#tick();
      this.journal = structuredClone(journal);
      this.#tick();
    };
    const effects = this.#effects();
    const world: World = {
      effects: this.#faulty.effects?.(effects) ?? effects,
      now: () => new Date(this.time),
      sleep: async (milliseconds) => {
        this.time += milliseconds;
        this.#tick();
      },
      save: this.#faulty.save?.(save) ?? save,
      tell: (event) => this.log.push(lineOf(event)),
    };
    await (what === "run" ? run : abort)(structuredClone(this.journal), world);
  }

  /** Somebody goes to the rack: what was dead has power again, and works where it is claimed. */
  mend(): void {
    if (this.dead.size > 0) this.log.push(`mended: ${[...this.dead].join(", ")}`);
    this.dead.clear();
  }

  /** @throws Error unless one cluster is left, whole, with all of the traffic, and every machine is held once at most. */
  checkEnd(): void {
    const { ended, leftBehind } = this.journal;
    if (ended === undefined) throw new Error("the replacement never ended");
    const replaced = ended.outcome === "replaced";
    const [winner, loser] = replaced ? [this.green, this.blue] : [this.blue, this.green];
    const file = (replaced ? this.#input.green : this.#input.blue).machines.map(({ name }) => name);
    const lost = new Set(leftBehind.map(({ machine }) => machine));
    const missing = file.filter((machine) => !winner.nodes.has(machine) && !lost.has(machine));
    const strangers = [...winner.nodes].filter((machine) => !file.includes(machine));
    const wrong = [
      ...(winner.landed ? [] : [`${winner.id} is gone`]),
      ...(loser.landed || loser.nodes.size > 0 ? [`${loser.id} is still there`] : []),
      ...(this.share === (replaced ? 100 : 0) ? [] : [`green has ${this.share} % of the traffic`]),
      ...(winner.work ? [] : [`${winner.id} has no work`]),
      ...(missing.length > 0 ? [`${winner.id} lacks ${missing.join(", ")}`] : []),
      ...(strangers.length > 0 ? [`${winner.id} has ${strangers.join(", ")}`] : []),
      ...(replaced && !this.archived ? ["blue was not archived"] : []),
      ...[...this.claims].filter(([, id]) => id === loser.id).map(([name]) => `${loser.id} claims ${name}`),
    ];
    if (wrong.length > 0) throw new Error(`after it was ${ended.outcome}: ${wrong.join("; ")}`);
  }

  #effects(): Effects {
    const [blue, green] = [this.blue, this.green];
    const named = this.#input.green.machines.map(({ name }) => name);
    const masters = this.#input.green.machines.filter(({ role }) => role === "master");
    return {
      land: async () => {
        for (const machine of named) if (!this.claims.has(machine)) this.#claim(machine, green);
        const own = named.filter((machine) => this.claims.get(machine) === green.id);
        await this.#takes(200, 600);
        for (const machine of own) if (!this.dead.has(machine)) this.#join(machine, green);
        const silent = own.filter((machine) => this.dead.has(machine));
        if (masters.every(({ name }) => green.nodes.has(name))) green.landed = true;
        if (silent.length > 0) throw new LandfallError("unhealthy", `${silent.join(", ")}: silent`);
      },
      rehearse: async () => this.#takes(1, 5),
      unland: async (promised) => {
        green.landed = false;
        green.work = false;
        for (const machine of promised) {
          if (this.claims.get(machine) !== green.id) continue;
          green.nodes.delete(machine);
          this.claims.set(machine, blue.id);
          this.#tick();
        }
        await this.#end(green);
        const back = promised.filter((each) => this.claims.get(each) === blue.id && !this.dead.has(each));
        for (const machine of back) this.#join(machine, blue);
        return back;
      },
      prove: async (which) => {
        const cluster = this[which];
        const silent = [...cluster.nodes].filter((machine) => this.dead.has(machine));
        await this.#takes(1, 3);
        if (!cluster.landed || silent.length > 0)
          throw new LandfallError("unhealthy", `${cluster.id} is not healthy: ${silent.join(", ")}`);
      },
      check: async () => this.#takes(1, 20),
      handOver: (machines) => this.#move(machines, blue, green),
      handBack: (machines) => this.#move(machines, green, blue),
      migrate: async () => {
        await this.#takes(20, 100);
        green.work = true;
        this.#tick();
      },
      unmigrate: async () => {
        green.work = false;
        await this.#takes(5, 20);
      },
      shift: async (share) => {
        await this.#takes(1, 10);
        this.share = share;
        this.log.push(`traffic at green: ${share} %`);
        if (share === 100) this.#heldSince ??= this.time;
        this.#tick();
      },
      archive: async () => {
        await this.#takes(5, 30);
        this.archived = true;
        this.#tick();
      },
      retire: async () => {
        blue.landed = false;
        blue.work = false;
        await this.#end(blue);
      },
    };
  }

  /** Drained, off, wiped, then the other's: cut short anywhere, the same call goes on. */
  async #move(machines: readonly string[], from: Cluster, to: Cluster): Promise<Failed[]> {
    const coming = machines.filter((machine) => this.claims.get(machine) === from.id);
    const failed = coming.filter((machine) => this.dead.has(machine));
    const moving = coming.filter((machine) => !this.dead.has(machine));
    await this.#takes(20, 60);
    for (const machine of moving) {
      from.nodes.delete(machine);
      this.#tick();
    }
    await this.#takes(30, 60);
    for (const machine of moving) {
      if (this.claims.get(machine) !== from.id) throw new Error(`${machine} was ${from.id}'s no more`);
      this.claims.set(machine, to.id);
      this.#tick();
    }
    await this.#takes(200, 600);
    // Those of an earlier run, too, that was killed before they were there.
    for (const machine of machines) {
      if (this.claims.get(machine) !== to.id || this.dead.has(machine)) continue;
      this.#join(machine, to);
    }
    const silent = machines.filter((each) => this.claims.get(each) === to.id && !to.nodes.has(each));
    return [...failed, ...silent].map((machine) => ({ machine, why: "no power" }));
  }

  async #end(cluster: Cluster): Promise<void> {
    for (const [machine, holder] of [...this.claims]) {
      if (holder !== cluster.id) continue;
      await this.#takes(0, 2);
      cluster.nodes.delete(machine);
      this.claims.delete(machine);
      this.#tick();
    }
  }

  #claim(machine: string, cluster: Cluster): void {
    this.claims.set(machine, cluster.id);
    this.#tick();
  }

  #join(machine: string, cluster: Cluster): void {
    cluster.nodes.add(machine);
    this.#tick();
  }

  async #takes(least: number, most: number): Promise<void> {
    this.time += (least + (most - least) * this.#fate.pace()) * 1000;
    this.#tick();
  }

  /** A moment: what must hold holds; then perhaps something dies, or the command does. */
  #tick(): void {
    this.#check();
    const machines = [...this.claims.keys()].filter((machine) => !this.dead.has(machine));
    const death = this.#fate.death(machines);
    if (death !== undefined) {
      this.dead.add(death);
      this.log.push(`${death} dies`);
    }
    if (this.#life.over || !this.#fate.kill()) return;
    this.#life.over = true;
    this.log.push("killed");
    throw new Killed();
  }

  #check(): void {
    const { blue, green, share } = this;
    for (const machine of blue.nodes)
      if (green.nodes.has(machine)) throw new Error(`${machine} is a node of both`);
    for (const cluster of [blue, green])
      for (const machine of cluster.nodes)
        if (this.claims.get(machine) !== cluster.id)
          throw new Error(`${machine} is a node of ${cluster.id}, and ${this.claims.get(machine)} claims it`);
    if (share < 100) this.#serves(blue, "blue");
    if (share > 0) this.#serves(green, "green");
    const begun = this.journal.steps.some(
      ({ state }, index) => index >= pointOfNoReturn(this.plan) && state !== "pending",
    );
    // Until then an abort goes back to it.
    if (!begun) this.#serves(blue, "blue");
    if (!blue.landed && (share < 100 || !this.archived)) throw new Error("blue ended too early");
    const { hold } = replacementOf(this.#input.replacement);
    if (begun && (this.#heldSince === undefined || this.time - this.#heldSince < hold * 1000))
      throw new Error("blue is retired before the hold is over");
  }

  /** It stands, runs the work, and has room for it: dead machines count, for nobody's planning brings them back. */
  #serves(cluster: Cluster, side: "blue" | "green"): void {
    if (!cluster.landed || !cluster.work) throw new Error(`${cluster.id} is to serve, and cannot`);
    for (const need of this.#rooms.needs) {
      const lack = this.#rooms.lack(need, this.#input[side], cluster.nodes);
      if (lack !== undefined)
        throw new Error(`${cluster.id} has no room for its work: ${JSON.stringify(lack)}`);
      const have = this.#rooms.total(this.#rooms.for(need, this.#input[side], cluster.nodes));
      const part = (a = 0, b = 0) => (b === 0 ? Number.POSITIVE_INFINITY : (a / b) * 100);
      this.leastRoom = Math.min(
        this.leastRoom,
        part(have.machines, need.amount.machines),
        part(have.cpu, need.amount.cpu),
        part(have.memory, need.amount.memory),
      );
    }
  }
}

function lineOf(event: RolloutEvent): string {
  return event.kind === "note" ? event.text : `${event.kind}: ${event.step.id}`;
}

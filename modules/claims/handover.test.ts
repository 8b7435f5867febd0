import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LandfallError } from "../spec/error.ts";
import { allot, type Version } from "./allot.ts";
import { type Claim, stages } from "./claim.ts";
import {
  advance,
  type Departure,
  depart,
  type Failed,
  type HandoverWorld,
  handOver,
  handOverLast,
  incomplete,
  turnBack,
} from "./handover.ts";

const blue = "lab-v1";
const green = "lab-v2";
const machines = ["w1", "w2"];
const versions: Readonly<Record<string, Version>> = {
  [blue]: { cluster: blue, masters: ["m1"], workers: [...machines, "w3"] },
  [green]: { cluster: green, masters: ["m2"], workers: [...machines, "w3"] },
};
const now = new Date("2026-01-02T03:04:05Z");

class Killed extends Error {}

interface Machine {
  /** Whose system is on it; `free`: it boots no more; `blank`: nothing is left. */
  disk: string;
  free: boolean;
  on: boolean;
  /** Whose order to wipe it is armed, and whose was done. */
  wipe: string | undefined;
  wiped: string | undefined;
  readonly groups: Set<string>;
  /** Whose API lists it. */
  readonly nodes: Set<string>;
}

/** What happens in one run of a command. */
interface Run {
  /** Killed after so many steps of the world. */
  readonly steps: number;
  /** Machines that a person switches on, step by step. */
  readonly hands: readonly (string | undefined)[];
  /** Machines that do not answer, those whose wipe fails, and those that do not land. */
  readonly silent: readonly string[];
  readonly stuck: readonly string[];
  readonly lost: readonly string[];
}
const calm: Run = { steps: Number.POSITIVE_INFINITY, hands: [], silent: [], stuck: [], lost: [] };

/** A rack of machines of blue, as orders, groups and disks make it behave. */
class Rack {
  readonly claims = new Map<string, Claim>();
  readonly machines = new Map<string, Machine>();
  #run = calm;
  #steps = 0;

  constructor() {
    for (const name of [...machines, "w3"]) {
      this.claims.set(name, { machine: name, holder: blue });
      this.machines.set(name, {
        disk: blue,
        free: false,
        on: true,
        wipe: undefined,
        wiped: undefined,
        groups: new Set([blue]),
        nodes: new Set([blue]),
      });
    }
  }

  machine(name: string): Machine {
    return this.machines.get(name)!;
  }

  begin(run: Run): void {
    this.#run = run;
    this.#steps = 0;
  }

  /** A moment: somebody's hand, then everything that must always hold, then perhaps the end of the command. */
  step(): void {
    const hand = this.#run.hands[this.#steps];
    if (hand !== undefined) this.switchOn(hand);
    this.#steps += 1;
    this.check();
    if (this.#steps > this.#run.steps) throw new Killed();
  }

  /** A disk that boots is booted; any other asks the network. */
  switchOn(name: string): void {
    const machine = this.machine(name);
    if (machine.on) return;
    machine.on = true;
    if (machine.disk !== "blank" && !machine.free) machine.nodes.add(machine.disk);
    else if (machine.wipe !== undefined) this.empty(machine);
  }

  empty(machine: Machine): void {
    machine.disk = "blank";
    machine.free = false;
    machine.wiped = machine.wipe;
    machine.wipe = undefined;
  }

  check(): void {
    for (const [name, { disk, groups, nodes }] of this.machines) {
      const { holder, handover } = this.claims.get(name)!;
      expect(
        [...groups, ...nodes].filter((each) => each !== holder),
        `${name} is ${holder}'s`,
      ).toEqual([]);
      expect([holder, "blank"], `disk of ${name}, which ${holder} holds`).toContain(disk);
      const stage = stages.indexOf(handover?.stage ?? "leaving");
      if (stage >= stages.indexOf("wiped") && stage < stages.indexOf("claimed"))
        expect(disk, `disk of ${name}, which is ${handover?.stage}`).toBe("blank");
    }
  }

  departure(name: string, from: string): Departure {
    const machine = this.machine(name);
    const step = async () => this.step();
    const unstarted = () => this.claims.get(name)?.handover?.blank !== undefined && machine.disk === "blank";
    return {
      drain: step,
      switchOff: async () => {
        await step();
        if (machine.disk === from && machine.on && !this.#run.silent.includes(name)) machine.free = true;
        await step();
        machine.on = false;
        await step();
      },
      wipe: async () => {
        machine.on = false;
        await step();
        if (unstarted()) return "its word of before";
        if (machine.wiped !== from) {
          expect(machine.groups.has(from), `${name} has a group to be wiped by`).toBe(true);
          machine.wipe = from;
          await step();
          if (this.#run.stuck.includes(name)) throw new LandfallError("not-wiped", name);
          machine.on = true;
          if (machine.wipe !== undefined) this.empty(machine);
          await step();
        }
        machine.on = false;
        await step();
        return "its word";
      },
      forget: async () => {
        await step();
        machine.nodes.delete(from);
        await step();
        machine.wipe = undefined;
        machine.wiped = undefined;
        await step();
      },
    };
  }

  world(from: string, to: string): HandoverWorld {
    const apply = (cluster: string) => {
      const { machines: had, leaving } = allot(versions[cluster]!, this.claims);
      for (const [name, machine] of this.machines) {
        if (!had.includes(name)) machine.groups.delete(cluster);
        else if (!leaving.includes(name)) {
          machine.groups.add(cluster);
          this.step();
          if (machine.disk === "blank" && !this.#run.lost.includes(name)) {
            machine.disk = cluster;
            machine.on = true;
            machine.wiped = undefined;
          }
          if (machine.on && machine.disk === cluster) machine.nodes.add(cluster);
        }
        this.step();
      }
      if (had.some((name) => this.#run.lost.includes(name)))
        throw new LandfallError("deploy-failed", cluster);
    };
    return {
      read: (name) => this.claims.get(name),
      write: (claim) => {
        this.step();
        this.claims.set(claim.machine, claim);
        this.step();
      },
      now: () => now,
      alone: (work) => work(),
      started: (name) => this.machine(name).disk === from,
      departure: (name) => this.departure(name, from),
      leave: async () => {
        for (const [name, { groups }] of this.machines) {
          if (!allot(versions[from]!, this.claims).machines.includes(name)) groups.delete(from);
          this.step();
        }
      },
      land: async () => apply(to),
      ready: async (name) => {
        this.step();
        if (!this.machine(name).nodes.has(to)) throw new LandfallError("not-landed", name);
      },
    };
  }

  /** As modules/cli/handover.ts puts it together. */
  async handOver(from: string, to: string, run: Run, last = false): Promise<readonly Failed[]> {
    this.begin(run);
    const wave = { from, to, machines };
    const [world, home] = [this.world(from, to), this.world(to, to)];
    const turned = await turnBack(wave, home, async () => this.step());
    const back = turned.length > 0 ? await handOver({ from: to, to, machines: turned }, home) : [];
    const rest = { ...wave, machines: machines.filter((name) => !turned.includes(name)) };
    const failed = last
      ? await handOverLast(rest, world, async () => {
          for (const name of rest.machines) {
            const { holder, handover } = this.claims.get(name)!;
            if (holder === from && handover !== undefined)
              await depart(world, name, this.departure(name, from));
          }
        })
      : await handOver(rest, world);
    const killed = [...back, ...failed].find(({ error }) => !(error instanceof LandfallError));
    if (killed !== undefined) throw killed.error;
    return [...back, ...failed];
  }
}

const held = (rack: Rack, by: string) => machines.filter((name) => rack.claims.get(name)?.holder === by);

const runs = fc.array(
  fc.record({
    back: fc.boolean(),
    run: fc.record({
      steps: fc.nat(80),
      hands: fc.array(fc.option(fc.constantFrom(...machines), { nil: undefined }), { maxLength: 60 }),
      silent: fc.subarray(machines),
      stuck: fc.subarray(machines),
      lost: fc.subarray(machines),
    }),
  }),
  { maxLength: 8 },
);

/** Everything that may go wrong does, in whichever direction the commands go; then a last one goes through. */
async function story(all: readonly { back: boolean; run: Run }[], back: boolean, last: boolean) {
  const rack = new Rack();
  const bystander = structuredClone(rack.machine("w3"));
  const go = (way: boolean, run: Run) =>
    way ? rack.handOver(green, blue, run) : rack.handOver(blue, green, run, last);
  for (const each of all) {
    await go(each.back, each.run).catch((error: unknown) => {
      if (!(error instanceof Killed) && !(error instanceof LandfallError)) throw error;
    });
    // A command that is gone leaves people with their hands.
    for (const name of machines) rack.switchOn(name);
    rack.check();
  }
  expect(await go(back, calm)).toEqual([]);
  const holder = back ? blue : green;
  for (const name of machines) {
    expect(rack.claims.get(name)).toMatchObject({ machine: name, holder });
    expect(rack.claims.get(name)?.handover).toBeUndefined();
    rack.machine(name).on = false;
    rack.switchOn(name);
    expect(rack.machine(name)).toMatchObject({
      disk: holder,
      free: false,
      nodes: new Set([holder]),
      groups: new Set([holder]),
    });
  }
  expect(rack.machine("w3")).toEqual(bystander);
  expect(rack.claims.get("w3")).toEqual({ machine: "w3", holder: blue });
}

describe("a hand-over", () => {
  test("killed anywhere, with machines switched on by hand, dead or unwilling, goes on when it is run again", () =>
    fc.assert(
      fc.asyncProperty(runs, fc.boolean(), (all, last) =>
        story(
          all.map(({ run }) => ({ back: false, run })),
          false,
          last,
        ),
      ),
      { numRuns: 100 },
    ));

  test("and turns back wherever it is, as often as one likes", () =>
    fc.assert(
      fc.asyncProperty(runs, fc.boolean(), (all, back) => story(all, back, false)),
      { numRuns: 200 },
    ));

  test("a machine that cannot be proven wiped is not claimed, and keeps no other from arriving", async () => {
    const rack = new Rack();
    const failed = await rack.handOver(blue, green, { ...calm, silent: ["w1"], stuck: ["w1"] });
    expect(failed).toMatchObject([{ machine: "w1", error: { code: "not-wiped" } }]);
    expect(held(rack, green)).toEqual(["w2"]);
    expect(rack.claims.get("w1")).toMatchObject({ holder: blue, handover: { stage: "off" } });
    expect(allot(versions[blue]!, rack.claims)).toMatchObject({
      machines: ["m1", "w1", "w3"],
      leaving: ["w1"],
    });
    expect(await rack.handOver(blue, green, calm)).toEqual([]);
    expect(held(rack, green)).toEqual(machines);
  });

  test("a machine that does not land keeps no other from being ready", async () => {
    const rack = new Rack();
    const failed = await rack.handOver(blue, green, { ...calm, lost: ["w2"] });
    expect(failed).toMatchObject([{ machine: "w2", error: { code: "not-landed" } }]);
    expect(rack.claims.get("w1")?.handover).toBeUndefined();
    expect(rack.claims.get("w2")).toMatchObject({ holder: green, handover: { stage: "claimed" } });
  });

  test("turned back before anything was done to it, a machine stays as it is", async () => {
    const rack = new Rack();
    const before = structuredClone(rack.machine("w1"));
    await rack.handOver(blue, green, { ...calm, steps: 6 }).catch(() => {});
    expect(rack.claims.get("w1")?.handover?.stage).toBe("leaving");
    await rack.handOver(green, blue, calm);
    expect(rack.machine("w1")).toEqual(before);
    expect(rack.claims.get("w1")).toEqual({ machine: "w1", holder: blue });
  });

  test("of several that fail each is told of, with the command that goes on; of one its own error", async () => {
    const rack = new Rack();
    const failed = await rack.handOver(blue, green, { ...calm, stuck: machines });
    const wave = { from: blue, to: green, machines };
    expect(incomplete(wave, failed)).toMatchObject({
      code: "handover-incomplete",
      message: "w1, w2 did not come from lab-v1 to lab-v2",
      details: { next: "npx landfall handover w1 w2 --from lab-v1 --to lab-v2 goes on with them" },
    });
    expect(incomplete(wave, failed.slice(1))).toBe(failed[1]?.error);
  });

  test("done again, it touches nothing", async () => {
    const rack = new Rack();
    await rack.handOver(blue, green, calm);
    expect(await rack.handOver(blue, green, { ...calm, steps: 0 })).toEqual([]);
  });
});

describe("a claim", () => {
  const leaving: Claim = {
    machine: "w1",
    holder: blue,
    handover: { from: blue, to: green, stage: "leaving", at: {} },
  };

  test("goes through every stage in order, and changes its holder once", () => {
    let each = leaving;
    const holders = [each.holder];
    for (const stage of stages.slice(1)) {
      for (const other of stages.filter((name) => name !== stage))
        expect(() => advance(each, other, now, "its word")).toThrow(TypeError);
      each = advance(each, stage, now, stage === "wiped" ? "its word" : undefined);
      holders.push(each.holder);
    }
    expect(holders).toEqual([...Array(6).fill(blue), green, green]);
    expect(each.handover?.proof).toBe("its word");
  });

  test("is never wiped, and so never another's, without a proof", () => {
    const off = advance(advance(leaving, "drained", now), "off", now);
    expect(() => advance(off, "wiped", now)).toThrow("nothing proves");
  });
});

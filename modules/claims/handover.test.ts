import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LandfallError } from "../spec/error.ts";
import { allot, type Version } from "./allot.ts";
import { type Claim, stages } from "./claim.ts";
import {
  advance,
  begin,
  type Departure,
  depart,
  type HandoverWorld,
  handOver,
  handOverLast,
} from "./handover.ts";

const from = "lab-v1";
const to = "lab-v2";
const wave = ["w1", "w2"];
const blue: Version = { cluster: from, masters: ["m1"], workers: [...wave, "w3"] };
const green: Version = { cluster: to, masters: ["m2"], workers: [...wave, "w3"] };
const now = new Date("2026-01-02T03:04:05Z");

class Killed extends Error {}

type Disk = "blue" | "released" | "blank" | "green";

interface Machine {
  disk: Disk;
  on: boolean;
  order: "none" | "wipe" | "wiped";
  readonly groups: Set<string>;
  /** Whose API lists it. */
  readonly nodes: Set<string>;
}

/** What may go wrong in one run of the command. */
interface Run {
  /** Killed after so many steps of the world. */
  readonly steps: number;
  /** Machines that a person switches on, step by step. */
  readonly hands: readonly (string | undefined)[];
  /** Machines that do not answer, and those whose wipe fails. */
  readonly silent: readonly string[];
  readonly stuck: readonly string[];
}

/** A rack of machines of blue, as an order, a group and a disk make it behave. */
class Rack {
  readonly claims = new Map<string, Claim>();
  readonly machines = new Map<string, Machine>();
  #run: Run = { steps: Number.POSITIVE_INFINITY, hands: [], silent: [], stuck: [] };
  #steps = 0;

  constructor() {
    for (const name of [...wave, "w3"]) {
      this.claims.set(name, { machine: name, holder: from });
      this.machines.set(name, {
        disk: "blue",
        on: true,
        order: "none",
        groups: new Set([from]),
        nodes: new Set([from]),
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

  /** One step of the world: somebody's hand, then everything that must always hold, then perhaps the end of the command. */
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
    if (machine.disk === "blue") machine.nodes.add(from);
    else if (machine.disk === "green") machine.nodes.add(to);
    else if (machine.order === "wipe") this.wiped(machine);
  }

  wiped(machine: Machine): void {
    machine.disk = "blank";
    machine.order = "wiped";
  }

  check(): void {
    for (const [name, { disk, groups, nodes }] of this.machines) {
      const { holder, handover } = this.claims.get(name)!;
      const old = disk === "blue" || disk === "released";
      expect(groups.size, `groups of ${name}`).toBeLessThan(2);
      if (groups.has(to) || disk === "green" || nodes.has(to)) expect(holder, `holder of ${name}`).toBe(to);
      if (holder === to) expect({ old, node: nodes.has(from), group: groups.has(from) }).toEqual(nothing);
      if (handover !== undefined && stages.indexOf(handover.stage) >= stages.indexOf("wiped"))
        expect(old, `${name} is ${handover.stage} with a disk of blue`).toBe(false);
    }
  }

  departure(name: string): Departure {
    const machine = this.machine(name);
    const step = async () => this.step();
    return {
      drain: step,
      switchOff: async () => {
        await step();
        if (machine.disk === "blue" && machine.on && !this.#run.silent.includes(name))
          machine.disk = "released";
        await step();
        machine.on = false;
        await step();
      },
      wipe: async () => {
        machine.on = false;
        await step();
        if (machine.order !== "wiped") {
          expect(machine.groups.has(from), `${name} has a group to be wiped by`).toBe(true);
          machine.order = "wipe";
          await step();
          if (this.#run.stuck.includes(name)) throw new LandfallError("not-wiped", name);
          machine.on = true;
          await step();
          this.wiped(machine);
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
        machine.order = "none";
        await step();
      },
    };
  }

  world(): HandoverWorld {
    return {
      read: (name) => this.claims.get(name),
      write: (claim) => {
        this.step();
        this.claims.set(claim.machine, claim);
        this.step();
      },
      now: () => now,
      alone: (work) => work(),
      departure: (name) => this.departure(name),
      leave: async () => {
        const { machines } = allot(blue, this.claims);
        for (const [name, { groups }] of this.machines) {
          if (!machines.includes(name)) groups.delete(from);
          this.step();
        }
      },
      land: async () => {
        for (const name of allot(green, this.claims).machines) {
          const machine = this.machines.get(name);
          if (machine === undefined || machine.disk === "green") continue;
          machine.groups.add(to);
          this.step();
          machine.disk = "green";
          machine.on = true;
          machine.nodes.add(to);
          this.step();
        }
      },
      prove: async () => {
        this.step();
        const { leaving, machines } = allot(green, this.claims);
        expect(leaving).toEqual([]);
        for (const name of machines.filter((each) => this.machines.has(each)))
          expect(this.machine(name).nodes.has(to), `${name} is Ready`).toBe(true);
      },
    };
  }
}

const nothing = { old: false, node: false, group: false };
const arrived = (rack: Rack) => wave.filter((name) => rack.claims.get(name)?.holder === to);

const runs = fc.array(
  fc.record({
    steps: fc.nat(70),
    hands: fc.array(fc.option(fc.constantFrom(...wave), { nil: undefined }), { maxLength: 60 }),
    silent: fc.subarray(wave),
    stuck: fc.subarray(wave),
  }),
  { maxLength: 8 },
);

describe("a hand-over", () => {
  test("killed at any step, with machines switched on by hand, dead or unwilling, goes on when it is run again", async () => {
    await fc.assert(
      fc.asyncProperty(runs, fc.boolean(), async (all, last) => {
        const rack = new Rack();
        const bystander = structuredClone(rack.machine("w3"));
        const run = (what: Run) => {
          rack.begin(what);
          const world = rack.world();
          if (!last) return handOver({ from, to, machines: wave }, world);
          return handOverLast({ from, to, machines: wave }, world, async () => {
            for (const name of wave) await depart(world, name, rack.departure(name));
          });
        };
        for (const each of all) {
          await run(each).catch((error: unknown) => {
            const known = error instanceof Killed || error instanceof LandfallError;
            if (!known) throw error;
          });
          // A command that is gone leaves people with their hands.
          for (const name of wave) rack.switchOn(name);
          rack.check();
        }
        await run({ steps: Number.POSITIVE_INFINITY, hands: [], silent: [], stuck: [] });
        for (const name of wave) {
          expect(rack.claims.get(name)).toEqual({ machine: name, holder: to, since: now.toISOString() });
          rack.machine(name).on = false;
          rack.switchOn(name);
          expect(rack.machine(name)).toMatchObject({
            disk: "green",
            nodes: new Set([to]),
            groups: new Set([to]),
          });
        }
        expect(rack.machine("w3")).toEqual(bystander);
        expect(rack.claims.get("w3")).toEqual({ machine: "w3", holder: from });
      }),
      { numRuns: 500 },
    );
  });

  test("a machine that cannot be proven wiped is not claimed, keeps no other from arriving, and is named", async () => {
    const rack = new Rack();
    rack.begin({ steps: Number.POSITIVE_INFINITY, hands: [], silent: ["w1"], stuck: ["w1"] });
    await expect(handOver({ from, to, machines: wave }, rack.world())).rejects.toMatchObject({
      code: "not-wiped",
    });
    expect(arrived(rack)).toEqual(["w2"]);
    expect(rack.claims.get("w1")).toMatchObject({ holder: from, handover: { stage: "off" } });
    expect(allot(blue, rack.claims)).toMatchObject({ machines: ["m1", "w1", "w3"], leaving: ["w1"] });

    rack.begin({ steps: Number.POSITIVE_INFINITY, hands: [], silent: [], stuck: [] });
    await handOver({ from, to, machines: wave }, rack.world());
    expect(arrived(rack)).toEqual(wave);
  });

  test("of several that fail each is told of, with the command that goes on", async () => {
    const rack = new Rack();
    rack.begin({ steps: Number.POSITIVE_INFINITY, hands: [], silent: [], stuck: wave });
    await expect(handOver({ from, to, machines: wave }, rack.world())).rejects.toMatchObject({
      code: "handover-incomplete",
      message: "w1, w2 did not leave lab-v1",
      details: { next: "npx landfall handover w1 w2 --from lab-v1 --to lab-v2 goes on with them" },
    });
    expect(arrived(rack)).toEqual([]);
  });

  test("done again, it touches nothing", async () => {
    const rack = new Rack();
    await handOver({ from, to, machines: wave }, rack.world());
    rack.begin({ steps: 0, hands: [], silent: [], stuck: [] });
    await handOver({ from, to, machines: wave }, rack.world());
    expect(arrived(rack)).toEqual(wave);
  });
});

describe("a claim", () => {
  const claim = (): Claim => {
    const book = new Map<string, Claim>([["w1", { machine: "w1", holder: from }]]);
    begin({ from, to }, "w1", {
      read: (name) => book.get(name),
      write: (c) => book.set("w1", c),
      now: () => now,
    });
    return book.get("w1")!;
  };

  test("goes through every stage in order, and changes its holder once", () => {
    let each = claim();
    const holders = [each.holder];
    for (const stage of stages.slice(1)) {
      for (const other of stages.filter((name) => name !== stage))
        expect(() => advance(each, other, now, "its word")).toThrow(TypeError);
      each = advance(each, stage, now, stage === "wiped" ? "its word" : undefined);
      holders.push(each.holder);
    }
    expect(holders).toEqual([...Array(6).fill(from), to, to]);
    expect(each.handover?.proof).toBe("its word");
  });

  test("is never wiped, and so never another's, without a proof", () => {
    const off = advance(advance(claim(), "drained", now), "off", now);
    expect(() => advance(off, "wiped", now)).toThrow("nothing proves");
  });
});

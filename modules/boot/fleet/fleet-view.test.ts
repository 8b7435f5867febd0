import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type MachineRecord,
  machineRecordSchema,
  orderKinds,
  orderStates,
  stages,
} from "../machine/types.ts";
import { ago, exampleFleet, exampleMachine, exampleOrder } from "./example-fleet.ts";
import { fleetView, natural } from "./fleet-view.ts";

const now = new Date("2026-03-04T05:06:07.000Z");
const view = (machines: readonly MachineRecord[]) => fleetView({ machines, conditions: [] }, now);

describe("the fleet", () => {
  test("says first what somebody has to do", () => {
    const fleet = fleetView(exampleFleet(now), now);
    expect(fleet).toMatchObject({
      signal: "act",
      next: expect.stringMatching(/^w3's disk belongs to cluster prod-v1/),
      announcement: "Something to do: w3.",
      counts: { act: 1, look: 1, busy: 4, good: 2, idle: 1 },
    });
  });

  test("shows racks as they stand, and machines without one last", () => {
    const fleet = fleetView(exampleFleet(now), now);
    expect(fleet.racks.map(({ rack, machines }) => [rack, machines.map(({ name }) => name)])).toEqual([
      ["A1", ["m1", "m2", "w1", "w2"]],
      ["A2", ["m3", "w3", "w4", "w5"]],
      [undefined, ["spare1"]],
    ]);
  });

  test("sorts places that are no rack units from the first on, and numbers as numbers", () => {
    const at = (name: string, number: number, position: string) =>
      exampleMachine({ name, number, rack: "shelf", position });
    const { racks } = view([at("c", 3, "slot 10"), at("a", 1, "slot 2"), at("b", 2, "slot 9")]);
    expect(racks[0]?.machines.map(({ name }) => name)).toEqual(["a", "b", "c"]);
  });

  test("names the one that waited longest, and counts the others", () => {
    const silent = (name: string, number: number, secondsAgo: number) =>
      exampleMachine({ name, number }, { order: exampleOrder(now, secondsAgo) });
    const fleet = view([silent("m1", 1, 700), silent("m2", 2, 1500), silent("m3", 3, 800)]);
    expect(fleet.next).toMatch(/^Check the network cable of m2: .* Then 2 other machines\.$/);
    expect(fleet.announcement).toBe("Worth a look: m2, m3, m1.");
  });

  test("has nothing to do while all goes well, and says how far it is", () => {
    const order = exampleOrder(now, 60, { state: "running", taken: ago(now, 30), boots: 1 });
    const installing = (name: string, number: number, percent: number) =>
      exampleMachine({ name, number }, { order, percent });
    const fleet = view([
      installing("m1", 1, 80),
      installing("m2", 2, 41),
      exampleMachine({ name: "m3", number: 3 }),
    ]);
    expect(fleet.signal).toBe("busy");
    expect(fleet.next).toBe("Nothing to do: 2 installing, 1 free, the slowest at 41%.");
    expect(fleet.announcement).toBe("Nothing to do: 2 installing, 1 free.");
  });

  test("knows no machine at first", () => {
    expect(view([]).next).toBe("No machine is known yet: the first deploy makes them known.");
  });

  test("alarms about conditions of a cluster that has landed only", () => {
    const { machines, conditions } = exampleFleet(now);
    const ready = machines.filter(({ name }) => name === "m1" || name === "m3");
    expect(fleetView({ machines: ready, conditions }, now)).toMatchObject({
      signal: "act",
      next: "Tell whoever runs lab-v1: its condition nodes-ready fails: 2 of 8: m2, w1, w2, w3, w4, w5 are not Ready.",
    });
    const landing = machines.filter(({ name }) => name.startsWith("m"));
    expect(fleetView({ machines: landing, conditions }, now)).toMatchObject({
      signal: "busy",
      clusters: [{ signal: "busy", summary: "lab-v1 is landing: 2 of 3 machines in service." }],
    });
  });
});

test("natural order is an order", () => {
  const text = fc.string({ unit: fc.constantFrom("U", "a", "0", "1", "9", "-"), maxLength: 6 });
  fc.assert(
    fc.property(text, text, text, (a, b, c) => {
      expect(Math.sign(natural(a, b))).toBe(-Math.sign(natural(b, a)) + 0);
      if (natural(a, b) <= 0 && natural(b, c) <= 0) expect(natural(a, c)).toBeLessThanOrEqual(0);
      expect(natural(a, b) === 0).toBe(a === b);
    }),
    { numRuns: 2000 },
  );
});

describe("any records", () => {
  const time = fc
    .integer({ min: -400_000, max: 400_000 })
    .map((seconds) => new Date(now.getTime() + seconds * 1000).toISOString());
  const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
  const text = fc.string({ unit: "binary", minLength: 1, maxLength: 20 });
  const order = fc
    .record({
      id: fc.constant("b".repeat(32)),
      kind: fc.constantFrom(...orderKinds),
      state: fc.constantFrom(...orderStates),
      cluster: text,
      generation: text,
      made: time,
      expires: time,
      taken: optional(time),
      boots: fc.nat(),
      ended: optional(time),
      reason: optional(text),
    })
    .map(withoutUndefined);
  const record = fc
    .record({
      mac: fc.constantFrom(...Array.from({ length: 30 }, (_, index) => `52:54:00:00:00:${10 + index}`)),
      name: text,
      site: text,
      rack: optional(text),
      position: optional(text),
      role: optional(fc.constantFrom("master", "worker")),
      order: optional(order),
      installed: optional(fc.record({ cluster: text, generation: text, since: time })),
      stages: fc.array(fc.record({ stage: fc.constantFrom(...stages), at: time }), { maxLength: 11 }),
      percent: optional(fc.double({ min: 0, max: 100, noNaN: true })),
      console: fc.array(text, { maxLength: 3 }),
      heard: optional(time),
    })
    .map((value) => machineRecordSchema.parse(withoutUndefined(value)));
  const machines = fc.uniqueArray(record, { selector: ({ mac }) => mac, maxLength: 12 });

  test("are each shown once, in whatever order they come, with a sentence", () => {
    fc.assert(
      fc.property(machines, (records) => {
        const fleet = view(records);
        const shown = fleet.racks.flatMap((rack) => rack.machines);
        expect(shown.map(({ mac }) => mac).sort()).toEqual(records.map(({ mac }) => mac).sort());
        for (const machine of shown) {
          expect(machine.next.length).toBeGreaterThan(10);
          expect(machine.next).not.toMatch(/undefined|NaN|null/);
          expect(machine.flagged === undefined || machine.signal === "act").toBe(true);
          expect((machine.signal === "good" || machine.signal === "idle") && machine.waitsFor).toBeFalsy();
        }
        expect(JSON.stringify(fleet)).not.toContain("b".repeat(32));
        expect(view(records.toReversed()).racks).toEqual(fleet.racks);
      }),
      { numRuns: 1000 },
    );
  });

  test("only ask more of people as time passes, while nothing else happens", () => {
    const rank = { idle: 0, good: 0, busy: 1, look: 2, act: 3 };
    fc.assert(
      fc.property(record, fc.integer({ min: 0, max: 200_000 }), (machine, seconds) => {
        // An order that expires takes its alarm along: nobody waits for that machine any more.
        fc.pre(machine.order?.state !== "armed");
        const later = new Date(now.getTime() + seconds * 1000);
        const signal = (at: Date) =>
          fleetView({ machines: [machine], conditions: [] }, at).racks[0]!.machines[0]!.signal;
        expect(rank[signal(later)]).toBeGreaterThanOrEqual(rank[signal(now)]);
      }),
      { numRuns: 1000 },
    );
  });
});

function withoutUndefined<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as T;
}

// What holds of every plan, whatever the clusters.
import fc from "fast-check";
import { expect, test } from "vitest";
import { LandfallError } from "../spec/index.ts";
import { planRollout, pointOfNoReturn } from "./plan.ts";
import { replacementOf, waveSize } from "./replacement.ts";
import { covers } from "./room.ts";
import { names, testCluster, testInput, testLoad } from "./testing.ts";
import type { RolloutInput } from "./types.ts";

const inputs = fc
  .record({
    workers: fc.integer({ min: 0, max: 20 }),
    spares: fc.integer({ min: 1, max: 12 }),
    taken: fc.subarray(names("w", 20)),
    masters: fc.subarray(names("m", 3)),
    cores: fc.option(fc.integer({ min: 0, max: 60 }), { nil: undefined }),
    waves: fc.oneof(
      fc.integer({ min: 1, max: 8 }),
      fc.integer({ min: 1, max: 100 }).map((percent) => `${percent}%`),
    ),
    capacity: fc.integer({ min: 1, max: 150 }),
  })
  .map(({ workers, spares, taken, masters, cores, waves, capacity }): RolloutInput => {
    const own = names("w", workers);
    const blue = testCluster("v1", { masters: names("m", 3), workers: own });
    const follow = taken.filter((name) => own.includes(name));
    const [first = "", ...rest] = names("s", spares);
    const green = testCluster("v2", { masters: [first], workers: [...rest, ...follow, ...masters] });
    const load = cores === undefined ? undefined : testLoad([...own, ...rest], { any: cores });
    return testInput(blue, green, { load, replacement: { waves, capacity } });
  });

test("there is room for the work wherever the traffic can be, and every machine goes once", () => {
  let planned = 0;
  fc.assert(
    fc.property(inputs, (input) => {
      let plan: ReturnType<typeof planRollout>;
      try {
        plan = planRollout(input);
      } catch (error) {
        expect(error).toBeInstanceOf(LandfallError);
        expect((error as LandfallError).code).toBe("room-missing");
        return;
      }
      planned += 1;
      const { steps, needed } = plan;
      const cutOver = steps.findIndex(({ kind }) => kind === "cut-over");
      const noReturn = pointOfNoReturn(plan);
      const before = input.blue.machines.filter(({ role }) => role === "worker").length;
      for (const [index, { room }] of steps.entries()) {
        // Blue may have had less than was asked for from the beginning: then nothing is taken from it.
        if (index < noReturn) expect(covers(room.blue, needed) || room.blue.machines === before).toBe(true);
        if (index >= cutOver) expect(covers(room.green, needed)).toBe(true);
      }
      const { green, blue, holders } = input;
      const arrived = steps.flatMap((step) =>
        "machines" in step && step.kind !== "retire" ? step.machines : [],
      );
      expect(arrived.toSorted()).toEqual(green.machines.map(({ name }) => name).toSorted());
      const left = steps.flatMap((step) =>
        step.kind === "wave" || step.kind === "retire" ? step.machines : [],
      );
      expect(left.toSorted()).toEqual([...holders.keys()].toSorted());
      const workers = blue.machines.filter(({ role }) => role === "worker").length;
      for (const step of steps)
        if (step.kind === "wave")
          expect(step.machines.length).toBeLessThanOrEqual(
            waveSize(replacementOf(input.replacement), workers),
          );
      expect(new Set(steps.map(({ id }) => id)).size).toBe(steps.length);
    }),
  );
  // Most clusters can be replaced: otherwise nothing was shown.
  expect(planned).toBeGreaterThan(20);
});

test("the same input makes the same plan", () => {
  fc.assert(
    fc.property(inputs, (input) => {
      const once = attempt(input);
      expect(attempt(structuredClone(input))).toEqual(once);
    }),
  );
});

function attempt(input: RolloutInput): unknown {
  try {
    return planRollout(input);
  } catch (error) {
    return String(error);
  }
}

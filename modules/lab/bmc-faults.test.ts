import { describe, expect, it } from "vitest";
import { FaultDice } from "./bmc-faults.ts";

const faults = { errors: 0.2, lies: 0.1, seed: 7 };

function fates(name: string, count: number, change = true, set = faults) {
  const dice = new FaultDice(name);
  dice.set(set);
  return Array.from({ length: count }, () => dice.roll(change));
}

describe("a BMC's dice", () => {
  it("fall as often as asked for", () => {
    const rolled = fates("m1", 20_000);
    const share = (...wanted: string[]) =>
      rolled.filter((fate) => wanted.includes(fate)).length / rolled.length;
    expect(share("error", "dropped", "silence")).toBeCloseTo(0.2, 1);
    for (const fate of ["error", "dropped", "silence"]) expect(share(fate)).toBeGreaterThan(0.05);
    // Of those that did not fail.
    expect(share("lie")).toBeCloseTo(0.08, 1);
  });

  it("fall the same for a seed and a machine, and differently for others", () => {
    expect(fates("m1", 50)).toEqual(fates("m1", 50));
    expect(fates("m1", 50)).not.toEqual(fates("m2", 50));
    expect(fates("m1", 50)).not.toEqual(fates("m1", 50, true, { ...faults, seed: 8 }));
  });

  it("are counted", () => {
    const dice = new FaultDice("m1");
    dice.set(faults);
    const rolled = Array.from({ length: 500 }, () => dice.roll(true));
    const lied = rolled.filter((fate) => fate === "lie").length;
    const done = rolled.filter((fate) => fate === "done").length;
    expect(dice.fallen).toEqual({ calls: 500, lied, failed: 500 - done - lied });
  });

  it("never lie about what was only read, and are left alone when nobody asked for them", () => {
    expect(fates("m1", 1000, false)).not.toContain("lie");
    const dice = new FaultDice("m1");
    expect(dice.roll(true)).toBe("done");
    dice.set({ ...faults, errors: 1 });
    expect(dice.roll(false)).not.toBe("done");
    dice.set(undefined);
    expect(dice.roll(true)).toBe("done");
  });
});

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { allot, requireMasters, type Version, whyLeftOut } from "./allot.ts";
import { type Claim, type Claims, claimed, type Handover, stages } from "./claim.ts";
import { derive } from "./derive.ts";

const now = new Date("2026-01-02T03:04:05Z");
const blue: Version = { cluster: "lab-v1", masters: ["m1"], workers: ["w1", "w2", "w3"] };
const green: Version = { cluster: "lab-v2", masters: ["m2"], workers: ["w1", "w2", "w4"] };
const machines = ["m1", "m2", "w1", "w2", "w3", "w4"];

const claims = (...list: Claim[]): Claims => new Map(list.map((claim) => [claim.machine, claim]));
const held = (machine: string, holder: string): Claim => ({ machine, holder });
const onItsWay = (machine: string, stage: Handover["stage"]): Claim => ({
  machine,
  holder: stages.indexOf(stage) < stages.indexOf("claimed") ? "lab-v1" : "lab-v2",
  handover: { from: "lab-v1", to: "lab-v2", stage, at: {} },
});

/** Any state that claims can be in: held by either, on the way from either to the other, or free. */
const anyClaims = fc
  .tuple(
    ...machines.map((machine) =>
      fc.oneof(
        fc.constant(undefined),
        fc.constantFrom("lab-v1", "lab-v2").map((holder) => held(machine, holder)),
        fc.constantFrom(...stages).map((stage) => onItsWay(machine, stage)),
      ),
    ),
  )
  .map((list) => claims(...list.filter((claim) => claim !== undefined)));

describe("what a version may have", () => {
  test("what it holds, and what is free; the rest is left out, with its holder", () => {
    const known = claims(held("w1", "lab-v1"), held("m2", "lab-v2"));
    expect(allot(green, known)).toEqual({
      machines: ["m2", "w2", "w4"],
      leaving: [],
      leftOut: [{ machine: "w1", claim: held("w1", "lab-v1") }],
    });
    expect(allot(green, known).leftOut.map(whyLeftOut)).toEqual(["w1 is left out: lab-v1 holds it"]);
    expect(allot(blue, known).machines).toEqual(["m1", "w1", "w2", "w3"]);
  });

  test.each([
    ["leaving", "blue"],
    ["drained", "blue"],
    ["off", "blue"],
    ["wiped", "blue"],
    ["gone", "neither"],
    ["left", "neither"],
    ["claimed", "green"],
    ["landed", "green"],
  ] as const)("a machine that is %s is known to %s", (stage, whose) => {
    const known = claims(onItsWay("w1", stage));
    expect(allot(blue, known).machines.includes("w1")).toBe(whose === "blue");
    expect(allot(blue, known).leaving).toEqual(whose === "blue" ? ["w1"] : []);
    expect(allot(green, known).machines.includes("w1")).toBe(whose === "green");
    expect(allot(green, known).leaving).toEqual([]);
  });

  test("no held machine is had by two, each named one is had or left out, and what is left out is another's", () => {
    fc.assert(
      fc.property(anyClaims, (known) => {
        const [one, other] = [allot(blue, known), allot(green, known)];
        const both = one.machines.filter((machine) => other.machines.includes(machine));
        expect(both.filter((machine) => known.has(machine))).toEqual([]);
        for (const [{ masters, workers }, had] of [
          [blue, one],
          [green, other],
        ] as const) {
          const parts = [...had.machines, ...had.leftOut.map(({ machine }) => machine)];
          expect(parts.sort()).toEqual([...masters, ...workers].sort());
          expect(had.machines).toEqual(expect.arrayContaining([...had.leaving]));
        }
      }),
    );
  });

  test("a machine may be claimed exactly where a deploy may have it, but for those on their way out", () => {
    fc.assert(
      fc.property(anyClaims, fc.constantFrom(blue, green), (known, version) => {
        const { machines: had, leaving } = allot(version, known);
        for (const machine of [...version.masters, ...version.workers]) {
          const claim = () => claimed(machine, known.get(machine), version.cluster, now);
          if (had.includes(machine) && !leaving.includes(machine))
            expect(claim()).toMatchObject({ machine, holder: version.cluster });
          else expect(claim).toThrow(expect.objectContaining({ code: "machine-held" }));
        }
      }),
    );
  });

  test("masters are had whole, or the version is refused with which are missing and why", () => {
    const three = { ...green, masters: ["m1", "m2", "w3"] };
    const known = claims(held("m1", "lab-v1"), onItsWay("w3", "off"));
    expect(() => requireMasters(three, allot(three, known))).toThrow(
      expect.objectContaining({
        code: "masters-held",
        message: "lab-v2 cannot have all of its masters: m1, w3 missing",
        details: expect.objectContaining({
          found:
            "m1 is left out: lab-v1 holds it; w3 is left out: it is on its way from lab-v1 to lab-v2 (off)",
        }),
      }),
    );
    // A worker that is missing keeps no cluster from being landed.
    expect(() => requireMasters(green, allot(green, claims(held("w1", "lab-v1"))))).not.toThrow();
  });
});

describe("claims that are not written yet", () => {
  test("are those of the cluster that has started the machine, the latest of them", () => {
    const known = derive(
      [held("w1", "lab-v2")],
      [
        { cluster: "lab-v1", machine: "w1", started: "2026-01-01T00:00:00Z" },
        { cluster: "lab-v1", machine: "w2" },
        { cluster: "lab-v2", machine: "w2", started: "2026-01-01T00:00:00Z" },
        { cluster: "lab-v3", machine: "w2", started: "2025-01-01T00:00:00Z" },
      ],
    );
    expect([...known.values()]).toEqual([held("w1", "lab-v2"), held("w2", "lab-v2")]);
  });
});

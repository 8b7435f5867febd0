import { describe, expect, test } from "vitest";
import { planRollout, pointOfNoReturn } from "./plan.ts";
import { holds, names, testCluster, testInput, testLoad } from "./testing.ts";
import type { RolloutPlan } from "./types.ts";

const blue = testCluster("v1", { masters: ["m1", "m2", "m3"], workers: names("w", 4) });

/** Each step with its machines, the point of no return between them. */
function told(plan: RolloutPlan): string[] {
  const lines = plan.steps.map((step) =>
    "machines" in step ? `${step.id}: ${step.machines.join(" ")}` : step.id,
  );
  return lines.toSpliced(pointOfNoReturn(plan), 0, "--");
}

test("green lands on free machines, blue's workers follow in waves, its masters last", () => {
  const green = testCluster("v2", { masters: ["s1", "s2", "s3"], workers: ["s4", ...names("w", 4), "m1"] });
  const load = testLoad([...names("w", 4), "s4"], { any: 4 });
  expect(told(planRollout(testInput(blue, green, { load })))).toEqual([
    "land: s1 s2 s3 s4",
    "soak",
    "migrate",
    "cut-over",
    "hold",
    "archive",
    "--",
    "wave-1: w1",
    "wave-2: w2",
    "wave-3: w3",
    "wave-4: w4",
    "retire: m1 m2 m3",
    "settle: m1",
  ]);
});

test("what the user asks for has its place: checks, a canary, waves of their size", () => {
  const green = testCluster("v2", { masters: ["s1"], workers: ["s4", ...names("w", 4)] });
  const replacement = {
    waves: 3,
    soak: 0,
    checks: [
      { name: "web", command: ["true"], after: "migration" as const },
      { name: "dns", job: "dns.yaml" },
    ],
    canary: { share: 10, seconds: 60, check: ["true"] },
  };
  const load = testLoad(["s4"], { any: 4 });
  expect(told(planRollout(testInput(blue, green, { load, replacement })))).toEqual([
    "land: s1 s4",
    "check-dns",
    "migrate",
    "check-web",
    "canary",
    "cut-over",
    "hold",
    "archive",
    "--",
    "wave-1: w1 w2 w3",
    "wave-2: w4",
    "retire: m1 m2 m3",
    "settle: ",
  ]);
});

describe("blue lends workers before the traffic moves", () => {
  const green = testCluster("v2", { masters: ["s1"], workers: names("w", 4) });

  test("only as many as green needs", () => {
    const load = testLoad(names("w", 4), { any: 5 });
    const plan = planRollout(testInput(blue, green, { load }));
    expect(told(plan).slice(0, 5)).toEqual(["land: s1", "soak", "wave-1: w1", "wave-2: w2", "migrate"]);
    // Two machines of four cores on either side, for work of five.
    expect(plan.steps.find(({ id }) => id === "cut-over")?.room).toMatchObject({
      blue: { machines: 2, cpu: 8000 },
      green: { machines: 2, cpu: 8000 },
    });
  });

  test("only what it can do without: otherwise it is said how much room is missing", () => {
    const load = testLoad(names("w", 4), { any: 9 });
    const refused = () => planRollout(testInput(blue, green, { load, spares: ["s2"] }));
    expect(refused).toThrow("prod-v2 has no room for what prod-v1 runs: 5.0 cores, 2.0 GiB missing");
    expect(refused).toThrow(
      expect.objectContaining({
        code: "room-missing",
        details: expect.objectContaining({
          found: "prod-v1 cannot do without any of w2, w3, w4 until the traffic has moved",
          next: expect.stringContaining("free machines are s2"),
        }),
      }),
    );
  });

  test("or as much as is asked for", () => {
    const load = testLoad(names("w", 4), { any: 9 });
    const plan = planRollout(testInput(blue, green, { load, replacement: { capacity: 80 } }));
    expect(plan.needed.cpu).toBe(7200);
    expect(told(plan).filter((line) => line.startsWith("wave-"))).toHaveLength(4);
  });

  test("half of blue's workers are taken for enough when nothing is known, and it is said", () => {
    const plan = planRollout(testInput(blue, green));
    expect(told(plan).slice(2, 5)).toEqual(["wave-1: w1", "wave-2: w2", "migrate"]);
    expect(plan.assumptions).toEqual([
      "half of prod-v1's workers (2 of 4) are enough for its work: what that requests is not known",
    ]);
  });

  test("work that a pool's taints keep to it needs room there, whatever is free elsewhere", () => {
    const tainted = ["gpu"];
    const from = testCluster("v1", {
      masters: ["m1"],
      workers: { workers: ["w1", "w2"], gpu: ["g1", "g2"] },
      tainted,
    });
    const to = testCluster("v2", {
      masters: ["s1"],
      workers: { workers: ["s2", "w1", "w2"], gpu: ["g1", "g2"] },
      tainted,
    });
    const load = testLoad(["w1", "w2", "g1", "g2", "s2"], { any: 3, gpu: 3 });
    const plan = planRollout(testInput(from, to, { load }));
    expect(told(plan).slice(2, 4)).toEqual(["wave-1: g1", "migrate"]);
    const crowded = testLoad(["w1", "w2", "g1", "g2", "s2"], { any: 3, gpu: 6 });
    expect(() => planRollout(testInput(from, to, { load: crowded }))).toThrow("in the pool gpu");
  });
});

describe("refused", () => {
  test("masters on machines that blue holds: how many are missing, which, and what is free", () => {
    const green = testCluster("v2", { masters: ["m1", "s1", "w1"], workers: ["w2"] });
    expect(() => planRollout(testInput(blue, green, { spares: ["s7", "s8"] }))).toThrow(
      expect.objectContaining({
        code: "masters-missing",
        message: "prod-v2 needs 3 machines for its masters before prod-v1 gives any up: 2 of them missing",
        details: expect.objectContaining({
          found: "m1, w1: prod-v1 holds them; free machines that no file names: s7, s8",
        }),
      }),
    );
  });

  test("machines of a version that is not replaced", () => {
    const old = testCluster("v0", { masters: ["s1"], workers: [] });
    const green = testCluster("v2", { masters: ["s1"], workers: ["w1"] });
    expect(() => planRollout(testInput(blue, green, { holders: holds(blue, old) }))).toThrow(
      expect.objectContaining({
        code: "machines-taken",
        details: expect.objectContaining({ found: "s1 is held by prod-v0" }),
      }),
    );
  });

  test("another cluster, or the same one", () => {
    const other = { ...testCluster("v2", { masters: ["s1"], workers: [] }), name: "demo" };
    expect(() => planRollout(testInput(blue, other))).toThrow("cannot take prod-v1's place");
    expect(() => planRollout(testInput(blue, blue))).toThrow("cannot take prod-v1's place");
  });
});

test("planned again in the middle, what is green's already lands with it", () => {
  const green = testCluster("v2", { masters: ["s1"], workers: ["w1", "w2"] });
  const holders = holds(blue);
  holders.set("s1", "prod-v2");
  holders.set("w1", "prod-v2");
  expect(told(planRollout(testInput(blue, green, { holders })))[0]).toBe("land: s1 w1");
});

test("every machine is told: where it comes from, where it goes, and when", () => {
  const green = testCluster("v2", { masters: ["s1"], workers: ["w1", "w2", "m1"] });
  const { machines } = planRollout(testInput(blue, green));
  expect(machines.map(({ machine, from, to, step }) => [machine, from, to, step].join(" "))).toEqual([
    "m1 masters workers settle",
    "m2 masters  retire",
    "m3 masters  retire",
    "w1 workers workers wave-1",
    "w2 workers workers wave-2",
    "w3 workers  retire",
    "w4 workers  retire",
    "s1  masters land",
  ]);
});

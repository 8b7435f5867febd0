// One hundred machines, with the real planner, journal and engine.
import { expect, test } from "vitest";
import { tookSeconds } from "../journal.ts";
import { covers } from "../room.ts";
import { names, testCluster, testInput, testLoad } from "../testing.ts";
import { calm, SimulatedWorld } from "./world.ts";

const workers = names("w", 90);
const blue = testCluster("v1", { masters: names("m", 3), workers });
// Ninety-three machines are blue's, seven are free.
const green = testCluster("v2", {
  masters: ["s1", "s2", "s3"],
  workers: [...names("s", 7).slice(3), ...workers, ...names("m", 3)],
});

test("one hundred machines: waves, time, and never less room than was asked for", async () => {
  // 45 of 90 workers' worth of work: as much as two clusters at once can have on 94.
  const load = testLoad([...workers, ...names("s", 7), ...names("m", 3)], { any: 180 });
  const input = testInput(blue, green, { load, replacement: { waves: "10%" } });
  const world = new SimulatedWorld(input, calm);
  const { plan } = world;
  const waves = plan.steps.filter((step) => step.kind === "wave");
  const [early, late] = [true, false].map((reversible) => waves.filter((w) => w.reversible === reversible));
  // Green has four workers of its own, and borrows the other forty-one, nine at a time.
  expect(early?.map(({ machines }) => machines.length)).toEqual([9, 9, 9, 9, 5]);
  expect(late?.map(({ machines }) => machines.length)).toEqual([9, 9, 9, 9, 9, 4]);
  for (const { room, kind } of plan.steps) {
    if (kind === "hold") break;
    expect(covers(room.blue, plan.needed)).toBe(true);
  }
  await world.command("run");
  world.checkEnd();
  expect(world.green.nodes.size).toBe(100);
  expect(world.leastRoom).toBeGreaterThanOrEqual(100);
  const seconds = (world.time - Date.parse(world.journal.started)) / 1000;
  const steps = world.journal.steps.map((step) => tookSeconds(step) ?? Number.NaN);
  expect(steps.reduce((sum, each) => sum + each, 0)).toBeCloseTo(seconds);
  // The estimate and the simulated clock take the same for a landing: they agree within a quarter.
  expect(Math.abs(seconds - plan.seconds) / seconds).toBeLessThan(0.25);
});

// What keeps the machines of a rack from asking a controller that has failed all at the same moment, again and again.
import { expect, it } from "vitest";
import { fakeDeps } from "./fake-deps.ts";
import type { PowerDeps } from "./types.ts";
import { Busy, until } from "./until.ts";

/** How long it pauses between attempts that all fail, in milliseconds. */
async function pauses(
  attempts: number,
  random: PowerDeps["random"],
  error = new Error("HTTP 500"),
): Promise<number[]> {
  const { clock } = fakeDeps();
  const slept: number[] = [];
  await until({
    what: "power on",
    attempt: async () => {
      if (slept.length < attempts) throw error;
      return { value: undefined };
    },
    deps: {
      clock: {
        now: clock.now,
        sleep: async (milliseconds, signal) => {
          slept.push(milliseconds);
          await clock.sleep(milliseconds, signal);
        },
      },
      ...(random !== undefined && { random }),
    },
    options: {},
  });
  return slept;
}

const middle = [100, 200, 400, 800, 1600, 2000, 2000];

it("pauses grow, and are spread from half to one and a half of what they grow to", async () => {
  expect(await pauses(7, () => 0)).toEqual(middle.map((pause) => pause * 0.5));
  expect(await pauses(7, () => 0.5)).toEqual(middle);
  expect(await pauses(7, () => 0.75)).toEqual(middle.map((pause) => pause * 1.25));
});

it("each attempt's pause is drawn anew, also where no dice are handed in", async () => {
  const all = await Promise.all(Array.from({ length: 100 }, () => pauses(7, undefined)));
  for (const [turn, pause] of middle.entries()) {
    const shares = all.map((slept) => slept[turn]! / pause);
    expect(Math.min(...shares)).toBeGreaterThanOrEqual(0.5);
    expect(Math.max(...shares)).toBeLessThan(1.5);
    // 100 that are drawn evenly all miss the first fifth, or the last one, once in 300 million runs.
    expect(Math.min(...shares)).toBeLessThan(0.7);
    expect(Math.max(...shares)).toBeGreaterThan(1.3);
    expect(new Set(shares).size).toBeGreaterThan(90);
  }
  // Nor does one draw hold for a whole series.
  for (const slept of all) {
    expect(new Set(slept.map((pause, turn) => pause / middle[turn]!)).size).toBeGreaterThan(1);
  }
});

it("a controller that says for how long it is busy is not asked sooner, nor made to wait for ever", async () => {
  expect(await pauses(1, () => 0, new Busy("HTTP 503", 7))).toEqual([7000]);
  expect(await pauses(1, () => 0, new Busy("HTTP 503", 600))).toEqual([30_000]);
});

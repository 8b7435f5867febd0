import { expect, test } from "vitest";
import { planRollout } from "../../rollout/index.ts";
import { names, testCluster, testInput, testLoad } from "../../rollout/testing.ts";
import { duration, formatRollout } from "./format.ts";

const blue = testCluster("v1", { masters: ["m1", "m2", "m3"], workers: names("w", 8) });
const green = testCluster("v2", { masters: ["s1", "s2", "s3"], workers: ["s4", ...names("w", 8), "m1"] });

test("the plan has every step and every machine, and the point of no return between the steps", () => {
  const load = testLoad([...names("w", 8), "s4"], { any: 12 });
  const text = formatRollout(planRollout(testInput(blue, green, { load })));
  const lines = text.split("\n");
  const line = (part: string) => lines.findIndex((each) => each.includes(part));
  expect(lines[0]).toBe("prod-v2 takes the place of prod-v1: Kubernetes 1.34.1, 15 machines, about 60 min");
  expect(lines[line("wave-1")]).toMatch(
    /^3 +wave-1 +w1 w2 leave prod-v1 for prod-v2 +\+0:07:40 +8 min +24\.0 cores, 96\.0 GiB +4\.0 cores, 16\.0 GiB$/,
  );
  expect(line("archive")).toBe(line("point of no return") - 1);
  expect(line("wave-2")).toBe(line("point of no return") + 1);
  expect(lines[line("m1       ")]).toMatch(/^m1 +masters +workers +settle +\+/);
  expect(lines.at(-1)).toMatch(/^s4 +free +workers +land +\+0:00:00$/);
});

test("where it would not fit, the room is a table of its own, and no line is wider than the terminal", () => {
  const load = testLoad([...names("w", 8), "s4"], { any: 12 });
  const text = formatRollout(planRollout(testInput(blue, green, { load })), 80);
  const lines = text.split("\n").slice(2);
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(80);
  expect(lines).toContainEqual(
    expect.stringMatching(/^3 +wave-1 +w1 w2 leave prod-v1 for prod-v2 +\+0:07:40 +8 min$/),
  );
  expect(lines).toContainEqual(
    expect.stringMatching(/^wave-1 +24\.0 cores, 96\.0 GiB +4\.0 cores, 16\.0 GiB$/),
  );
  expect(text).toContain("─── point of no return");
});

test("long lists of machines are cut in the table of steps", () => {
  const many = testCluster("v2", { masters: ["s1", "s2", "s3"], workers: names("x", 40) });
  expect(formatRollout(planRollout(testInput(blue, many)))).toContain("lands on s1 s2 s3 x1 ... x40 (43)");
});

test.each([
  [0, "0 s"],
  [99, "99 s"],
  [100, "2 min"],
  [5999, "1 h 40 min"],
])("%d seconds are %s", (seconds, text) => {
  expect(duration(seconds)).toBe(text);
});

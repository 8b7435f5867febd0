// How a second try of a spec that raced is counted.
import { expect, it } from "vitest";
import { afterSecondTry, type SpecResult } from "./conformance/e2e.ts";

const result = (name: string, passed: boolean): SpecResult => ({
  name,
  passed,
  seconds: 1,
  failure: passed ? "" : "failed: race",
  output: "",
});
const run = (...results: readonly SpecResult[]) => ({ results, seconds: 10, lastLines: "" });

it("counts a second try in place of the first, and the first of all others", () => {
  const first = run(result("a", true), result("b", false), result("c", false));
  const after = afterSecondTry(first, run(result("b", true)));
  expect(after.results).toEqual([result("a", true), result("b", true), result("c", false)]);
  expect(after.seconds).toBe(20);
});

it("lets a spec that fails twice, or did not come to run a second time, fail", () => {
  const first = run(result("a", false));
  expect(afterSecondTry(first, run(result("a", false))).results).toEqual([result("a", false)]);
  expect(afterSecondTry(first, run()).results).toEqual([result("a", false)]);
});

import { expect, test } from "vitest";
import { nearest } from "./suggest.ts";

test.each([
  ["adress", ["address", "name"], "address"],
  ["addr", ["name", "address"], "address"],
  ["lables", ["name", "labels"], "labels"],
  ["NOSCHEDULE", ["NoExecute", "NoSchedule"], "NoSchedule"],
  ["m11", ["m1", "m2"], "m1"],
  ["w2", ["w1", "w3"], "w1"],
  ["colour", ["name", "version", "site"], undefined],
  ["x", [], undefined],
])("%s among %j means %s", (word, candidates, meant) => {
  expect(nearest(word, candidates)).toBe(meant);
});

import { expect, test } from "vitest";
import { begin, changedSince, fail, finish, openJournal, phaseOf, recordOf, tookSeconds } from "./journal.ts";
import { planRollout } from "./plan.ts";
import { testCluster, testInput } from "./testing.ts";

const blue = testCluster("v1", { masters: ["m1"], workers: ["w1", "w2"] });
const green = testCluster("v2", { masters: ["s1"], workers: ["w1", "w2"] });
const input = testInput(blue, green);
const at = (seconds: number) => new Date(Date.UTC(2026, 0, 2, 3, 4, seconds));
const opened = openJournal(planRollout(input), input, at(0));

test("a step keeps when it was first begun, through failures and kills", () => {
  const failed = fail(begin(opened, "land", at(1)), "land", "m1: silent");
  expect(recordOf(failed, "land")).toMatchObject({ state: "running", error: "m1: silent" });
  const done = finish(begin(failed, "land", at(5)), "land", at(9));
  expect(recordOf(done, "land")).toEqual({
    id: "land",
    state: "done",
    begun: at(1).toISOString(),
    ended: at(9).toISOString(),
  });
  expect(tookSeconds(recordOf(done, "land"))).toBe(8);
});

test.each([
  ["land", "untouched"],
  ["soak", "untouched"],
  ["wave-1", "under-way"],
  ["hold", "under-way"],
  ["archive", "under-way"],
  ["wave-2", "past-return"],
])("when %s has begun, it is %s", (id, phase) => {
  expect(phaseOf(opened)).toBe("untouched");
  expect(phaseOf(begin(opened, id, at(1)))).toBe(phase);
});

test("what changed in the files since is told by its place", () => {
  expect(changedSince(opened, input)).toEqual([]);
  const other = testCluster("v2", { masters: ["s1"], workers: ["w1", "w3"] });
  const changes = changedSince(opened, { blue, green: other, replacement: { hold: 5 } });
  expect(changes).toContain('prod-v2: pools[1].machines[1]: "w3", was "w2"');
  expect(changes).toContain("prod-v2, replacement: hold: 5, was nothing");
});

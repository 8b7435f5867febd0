import { expect, test } from "vitest";
import { allMachines } from "./watched.ts";

test("machines that left stay where they were, those that came are last, each as it is now", () => {
  const known = [
    { name: "m1", pool: "masters" },
    { name: "w1", pool: "workers" },
    { name: "w2", pool: "workers" },
  ];
  const now = [
    { name: "w9", pool: "workers" },
    { name: "w2", pool: "storage" },
    { name: "m1", pool: "masters" },
  ];
  expect(allMachines(known, now)).toEqual([known[0], known[1], now[1], now[0]]);
});

import { expect, test } from "vitest";
import { mixFor, shareOf, sharesOf } from "./traffic-shares.ts";

const four = (n: number, from = 1) => Array.from({ length: n }, (_, i) => `10.0.0.${from + i}`);

test("one address each is all or nothing, or half", () => {
  expect(sharesOf(four(1), four(1, 101))).toEqual([0, 50, 100]);
});

test("more addresses make more shares", () => {
  // Of 0 to 2 of blue's and 0 to 3 of green's: 1/3, 1/2, 3/5, 2/3, 3/4.
  expect(sharesOf(four(2), four(3, 101))).toEqual([0, 33, 50, 60, 67, 75, 100]);
});

test("of two families, only what both can", () => {
  expect(sharesOf([...four(3), "fd00::1"], [...four(3, 101), "fd00::2"])).toEqual([0, 50, 100]);
});

test("a share is mixed of as many addresses as can be", () => {
  expect(mixFor(50, 3, 2)).toEqual(expect.objectContaining({ from: 2, to: 2 }));
  expect(mixFor(0, 3, 2)).toEqual(expect.objectContaining({ from: 3, to: 0 }));
  expect(mixFor(100, 3, 2)).toEqual(expect.objectContaining({ from: 0, to: 2 }));
  expect(mixFor(51, 3, 2)).toBeUndefined();
});

test("every share that is said to be possible is mixed, and comes out as it was asked for", () => {
  for (let blue = 1; blue <= 6; blue++)
    for (let green = 1; green <= 6; green++)
      for (const share of sharesOf(four(blue), four(green, 101)))
        expect(shareOf(mixFor(share, blue, green)!)).toBe(share);
});

import { afterAll, beforeAll, expect, it } from "vitest";
import { buildGoParsers, type GoParsers } from "./go.ts";
import { fuzzParsers } from "./parsers.ts";

const runs = 10_000;
const seed = 4;
let go: GoParsers;
beforeAll(() => {
  go = buildGoParsers();
}, 120_000);
afterAll(() => go?.remove());

it(`parsers read ${runs} odd inputs each (seed ${seed}) as Go does, or as they must`, async () => {
  const results = await fuzzParsers({ runs, seed, go });
  for (const { what, against, tried, good } of results)
    console.log(`${what}: ${tried} inputs, ${good} of them good, held against ${against}`);
  console.log(`${results.reduce((sum, { tried }) => sum + tried, 0)} inputs in all`);
  expect(results.filter(({ wrong }) => wrong !== undefined)).toEqual([]);
  // Odd, and not all of them hopeless.
  for (const { what, tried, good } of results) expect([what, good > tried / 50]).toEqual([what, true]);
}, 120_000);

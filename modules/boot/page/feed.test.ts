import fc from "fast-check";
import { expect, test } from "vitest";
import type { Fragment } from "./document.ts";
import { Feed } from "./feed.ts";

test("a client is owed what changed since it looked, and the whole when the page was rebuilt", () => {
  const feed = new Feed("e");
  feed.take([
    { id: "a", html: "1" },
    { id: "b", html: "1" },
  ]);
  const first = feed.version;
  expect(feed.owed(first)).toBe("nothing");
  feed.take([
    { id: "a", html: "2" },
    { id: "b", html: "1" },
  ]);
  expect(feed.owed(first)).toEqual({ fragments: [{ id: "a", html: "2" }] });
  feed.take([
    { id: "a", html: "2" },
    { id: "b", html: "1" },
    { id: "c", html: "1" },
  ]);
  expect(feed.owed(first)).toBe("reset");
});

test.each([undefined, "", "x", "other.1", "e.", "e.-1", "e.1e3", "e.99999999999999999999", "e.7"])(
  "who comes from %j gets the whole",
  (version) => {
    const feed = new Feed("e");
    feed.take([{ id: "a", html: "1" }]);
    expect(feed.owed(version)).toBe("reset");
  },
);

test("however often it looks, a client ends with the page as it is", () => {
  const page = fc.uniqueArray(
    fc.record({ id: fc.constantFrom("a", "b", "c", "d"), html: fc.constantFrom("1", "2") }),
    { selector: ({ id }) => id },
  );
  const step = fc.record({ page, looks: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
      const feed = new Feed("e");
      let shown: readonly Fragment[] = [];
      let version: string | undefined;
      for (const { page, looks } of [...steps, { page: steps.at(-1)?.page ?? [], looks: true }]) {
        feed.take(page);
        if (!looks) continue;
        const owed = feed.owed(version);
        version = feed.version;
        if (owed === "reset") shown = page;
        else if (owed !== "nothing") {
          const patches = new Map(owed.fragments.map(({ id, html }) => [id, html]));
          shown = shown.map(({ id, html }) => ({ id, html: patches.get(id) ?? html }));
        }
        expect(shown).toEqual(page);
      }
    }),
    { numRuns: 1000 },
  );
});

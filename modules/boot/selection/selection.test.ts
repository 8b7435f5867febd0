import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { selectorIndex } from "./index.ts";
import { type Selectable, selectByRule } from "./rule.ts";

const key = fc.constantFrom("mac", "os", "arch", "a", "a=b", "", "ü", "\u{1f4a1}", "\uff5e");
const value = fc.constantFrom("", "x", "y", "x,os=y", "=", "ü", "\u{1f4a1}", "\uff5e");
const labels = fc.array(fc.tuple(key, value), { maxLength: 4 }).map((pairs) => new Map(pairs));
const group = fc.record({ key: fc.constantFrom("a", "a-b", "b", "c", "d", "é"), selector: labels });
const change = fc.oneof(group, fc.constantFrom("a", "b", "c"));

describe("the selector index", () => {
  it("answers as the rule does, after any changes", () => {
    fc.assert(
      fc.property(
        fc.array(change, { maxLength: 30 }),
        fc.array(labels, { maxLength: 10 }),
        (changes, queries) => {
          const index = selectorIndex<Selectable>();
          const groups = new Map<string, Selectable>();
          for (const each of changes) {
            if (typeof each === "string") {
              index.delete(each);
              groups.delete(each);
            } else {
              index.set(each);
              groups.set(each.key, each);
            }
            for (const query of queries)
              expect(index.select(query)).toBe(selectByRule(groups.values(), query));
          }
          expect(index.size).toBe(groups.size);
        },
      ),
      { numRuns: 2000 },
    );
  });

  const select = (groups: Record<string, Record<string, string>>, query: Record<string, string>) => {
    const index = selectorIndex<Selectable>();
    for (const [name, selector] of Object.entries(groups))
      index.set({ key: name, selector: new Map(Object.entries(selector)) });
    return index.select(new Map(Object.entries(query)))?.key;
  };

  it("prefers more keys, then the greater text, then the first file", () => {
    expect(select({ default: {}, one: { os: "x" } }, { os: "x" })).toBe("one");
    expect(select({ default: {}, one: { os: "x" } }, { os: "y" })).toBe("default");
    expect(select({ a: { arch: "x" }, b: { os: "x" } }, { os: "x", arch: "x" })).toBe("b");
    expect(select({ b: { os: "x" }, a: { os: "x" } }, { os: "x" })).toBe("a");
    expect(select({ a: { os: "x" }, "a-b": { os: "x" } }, { os: "x" })).toBe("a-b");
  });

  it("takes an empty value for a missing one", () => {
    expect(select({ none: { os: "" } }, {})).toBe("none");
    expect(select({ none: { os: "" } }, { os: "x" })).toBeUndefined();
  });
});

import { describe, expect, test } from "vitest";
import { parseSource } from "./document.ts";
import { check, cluster, edit, site } from "./testing/marked.ts";

describe("YAML that cannot be read", () => {
  test.each([
    {
      what: "a key twice: the second is pointed at, and the rest is still checked",
      text: edit(
        edit(cluster, "version: v1\n", "version: v1\n‸version: v1\n"),
        "kubernetes: 1.34.1",
        "kubernetes: ‸1.34.2",
      ),
      says: ['found the key "version" twice in one map, expected it once', 'the unknown release "1.34.2"'],
    },
    {
      what: "a tab",
      text: edit(cluster, "  address: 10.77.0.100", "‸\taddress: 10.77.0.100"),
      says: ["Tabs are not allowed as indentation"],
    },
    {
      what: "a bracket that is not closed",
      text: edit(cluster, "    machines: [w1, w2]\n", "    machines: [w1, w2\n‸"),
      says: ["found YAML that cannot be read"],
    },
    {
      what: "a tag that nobody knows",
      text: edit(cluster, "name: prod", "name: ‸!env prod"),
      says: ["Unresolved tag: !env"],
    },
    {
      what: "two documents",
      text: `${cluster}‸---\nname: other\n`,
      says: ["multiple documents"],
    },
    {
      what: "an alias of nothing",
      text: edit(cluster, "name: prod", "name: ‸*x"),
      says: ["Unresolved alias"],
    },
  ])("$what", ({ text, says }) => {
    const { found, marks } = check({ "clusters/site.yaml": site, "clusters/prod-v1.yaml": text });
    expect(found.map(({ message }) => message)).toEqual(says.map((each) => expect.stringContaining(each)));
    expect(found.map(({ file, line, column }) => `${file}:${line}:${column}`)).toEqual(marks);
  });

  test("an empty file", () => {
    const { found } = check({ "clusters/site.yaml": "# nothing yet\n" });
    expect(found).toEqual([
      { file: "clusters/site.yaml", line: 1, column: 1, message: "found nothing, expected a map" },
    ]);
  });

  test("a bomb of aliases ends at once", () => {
    const levels = Array.from({ length: 30 }, (_, i) => `l${i}: &l${i} [${`*l${i - 1},`.repeat(9)}]`).slice(
      1,
    );
    const { value, diagnostics } = parseSource("bomb.yaml", `l0: &l0 [x]\n${levels.join("\n")}\n`);
    expect(value).toBeUndefined();
    expect(diagnostics).toEqual([expect.objectContaining({ message: expect.stringContaining("alias") })]);
  });

  test("an alias for each machine of a large site is no bomb", () => {
    const text = `a: &a { file: x }\nb: [${"*a, ".repeat(5000)}]\n`;
    const { value, diagnostics } = parseSource("site.yaml", text);
    expect(diagnostics).toEqual([]);
    expect((value as { b: unknown[] }).b).toHaveLength(5000);
  });

  test.each(["[", "- ", "{a: "])("nesting of %j without end is a complaint, not a crash", (opening) => {
    const { value, diagnostics } = parseSource("deep.yaml", opening.repeat(20_000));
    expect(value).toBeUndefined();
    expect(diagnostics[0]?.message).toContain("found YAML that cannot be read");
    expect(diagnostics.length).toBeLessThan(5);
  });

  test("a key called __proto__ is an unknown key like any other", () => {
    const { found, marks } = check({
      "clusters/site.yaml": site,
      "clusters/prod-v1.yaml": `${cluster}‸__proto__: { pools: [] }\n`,
    });
    expect(found).toEqual([expect.objectContaining({ message: expect.stringContaining('"__proto__"') })]);
    expect(found.map(({ file, line, column }) => `${file}:${line}:${column}`)).toEqual(marks);
  });
});

describe("places", () => {
  const text = `a: &anchor
  b: [1, {c: 2}]
d: *anchor
e:
`;
  const { locate, written } = parseSource("x.yaml", text);

  test.each([
    [["a", "b", 1, "c"], "value", 2, 14],
    [["a", "b", 1, "c"], "key", 2, 11],
    [["d"], "value", 3, 4],
    [["d", "b", 0], "value", 2, 7],
    [["e"], "value", 4, 1],
    [["a", "missing", "below"], "value", 2, 3],
    [[], "value", 1, 1],
  ] as const)("%j, %s", (path, part, line, column) => {
    expect(locate(path, part)).toEqual({ line, column });
  });

  test("a scalar as it was written", () => {
    expect(written(["a", "b", 0])).toBe("1");
    expect(written(["a"])).toBeUndefined();
  });
});

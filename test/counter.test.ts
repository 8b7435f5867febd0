// The judges of counters see what they are there for.
import { expect, test } from "vitest";
import { judge, parseIncrements } from "./lab/harness/counter.ts";
import { type Connection, mountedTwice } from "./lab/harness/file-server.ts";

const file = (...lines: string[]) => parseIncrements(`${lines.join("\n")}\n`);
const good = file("1 blue-1 b.x", "2 blue-2 b.x", "3 green-1 g.y");

test("one writer after the other, and all that was acknowledged is there", () => {
  expect(judge(good, good.slice(1))).toEqual({
    increments: 3,
    ...{ lost: [], doubled: [], torn: [], together: [] },
    turns: [
      { writer: "b.x", from: 1, to: 2 },
      { writer: "g.y", from: 3, to: 3 },
    ],
  });
});

test.each([
  ["lost: not there", good.slice(0, 2), { lost: ["green-1"] }],
  [
    "lost: counted as another number",
    file("1 blue-1 b.x", "2 green-1 g.y", "3 blue-2 b.x"),
    { lost: ["blue-2", "green-1"] },
  ],
  ["doubled", [...good, ...file("4 green-1 g.y")], { doubled: ["green-1"], lost: ["green-1"] }],
  [
    "torn: two counted on from the same",
    [...good, ...file("3 green-2 g.y")],
    { torn: ["3 green-2 in line 4"] },
  ],
  ["torn: half a line", [...good, ...file("4 gre")], { torn: ["NaN 4 gre in line 4"] }],
  ["together", [...good, ...file("4 blue-3 b.x")], { together: ["b.x"] }],
])("%s", (_, lines, expected) => {
  expect(judge(lines, good)).toMatchObject(expected);
});

test("a mount beside another one, on two machines", () => {
  const at = "2026-11-25T12:00:00Z";
  const events = (...all: [number, string, Connection["event"]][]) =>
    all.map(([id, machine, event]) => ({ id, machine, event, at }));
  expect(mountedTwice(events([1, "w1", "opened"], [1, "w1", "closed"], [2, "w2", "opened"]))).toEqual([]);
  expect(mountedTwice(events([1, "w1", "opened"], [2, "w1", "opened"]))).toEqual([]);
  expect(mountedTwice(events([1, "w1", "opened"], [2, "w2", "opened"], [1, "w1", "closed"]))).toHaveLength(1);
});

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ago, exampleFleet, exampleReplacement } from "../../boot/fleet/example-fleet.ts";
import { machineView, type ReplacementReport, replacementView, softTimeouts } from "../../boot/index.ts";
import { frame } from "./frame.ts";
import { changeJson, changeLine } from "./lines.ts";
import { fit, width, wrap } from "./text.ts";
import { changes, type Watched } from "./watched.ts";

const now = new Date("2026-03-04T05:06:07.000Z");
const example = exampleFleet(now);
const watched: Watched = {
  cluster: "lab-v1",
  machines: example.machines.map((record) => machineView(record, now, softTimeouts)),
  conditions: example.conditions[0]!.conditions,
  replacements: [],
  gone: false,
  checked: new Date(now.getTime() - 4000),
  troubles: [],
};
const plain = (columns: number, rows: number, of = watched) =>
  frame(of, now, { columns, rows, colour: false });

test("a frame at 80 columns", () => {
  expect(plain(80, 40).join("\n")).toMatchInlineSnapshot(`
    "lab-v1                                                     05:06:07  Ctrl-C ends
    ! w3's disk belongs to cluster prod-v1, and nothing on it was changed. If
    prod-v1 is still needed, put the right disk or machine in; if not, have prod-v1
    destroyed first, then lab-v1 deployed again.

      MACHINE  PLACE   STATE                 FOR     WAITS FOR
    ✔ m1       A1 U40  ready                 2 min
    … m2       A1 U38  joining               3 min   node m2 to become Ready
    ✔ m3       A2 U40  ready                 2 min
    … w1       A1 U36  installing 40%        1 min   the system to be written to it…
    ? w2       A1 U34  not heard of yet      12 min  its first request to the boot …
    ! w3       A2 U38  refused: disk in use  35 s
    … w4       A2 U36  installing            1 min   its configuration to be written
    … w5       A2 U34  not heard of yet      38 s    its first request to the boot …
    - spare1           free

    4 of 5 conditions hold, checked 4 s ago
    ✔ etcd-quorum   3 of 3 members answer, the leader is m1
    ✔ apiservers    m1, m2, m3 answer by themselves
    ✖ nodes-ready   2 of 8: m2, w1, w2, w3, w4, w5 are not Ready
    ✔ dns           kubernetes.default answered from m1, m3
    ✔ certificates  the first one ends in 364 days"
  `);
});

test("before the first news", () => {
  const nothing = { ...watched, machines: [], conditions: [], checked: undefined };
  expect(plain(80, 24, nothing).map((line) => line.trimEnd())).toEqual([
    "lab-v1                                                     05:06:07  Ctrl-C ends",
    "Waiting for the first news.",
    "",
    "Its conditions are being checked.",
  ]);
});

describe("while it is replaced", () => {
  const { machines, conditions } = watched;
  const ready = machines.filter(({ name }) => name === "m1" || name === "m3");
  const others = machines.filter(({ name }) => name === "w1");
  const quiet: Watched = {
    ...watched,
    cluster: "prod-v1",
    machines: [
      ...ready.map((machine) => ({ ...machine, cluster: "prod-v1" })),
      ...others.map((machine) => ({ ...machine, cluster: "prod-v2" })),
    ],
    conditions: conditions.filter(({ ok }) => ok),
    replacements: replaced(),
  };

  test("its journal, the traffic, what is next and the way back are shown, and whose each machine is", () => {
    expect(plain(100, 40, quiet).join("\n")).toMatchInlineSnapshot(`
      "prod-v1                                                                        05:06:07  Ctrl-C ends
      … Nothing to do: prod-v1 is being replaced by prod-v2, now: 10% of the traffic.

      prod-v1 to prod-v2: under way, 3 of 8 steps done; traffic: prod-v1 90%, prod-v2 10%
      ✔ prod-v2 lands on m4, m5, m6         done                      120.0 s
      ✔ prod-v2 stays healthy for a minute  done                      60.0 s
      ✔ workloads are copied                done                      20.0 s
      … 10% of the traffic                  under way since 04:59:27  6 min of about 5 min
      - all of the traffic                  to come                   about 10 s
      - hold                                to come                   about 10 min
      ─ point of no return: before it --abort goes back to prod-v1
      - prod-v1 is archived                 to come                   about 10 s
      - prod-v1 is retired                  to come                   about 1 min

        MACHINE  PLACE   STATE                    FOR    WAITS FOR
      ✔ m1       A1 U40  ready                    2 min
      ✔ m3       A2 U40  ready                    2 min
      … w1       A1 U36  installing 40%, prod-v2  1 min  the system to be written to its disk

      4 of 4 conditions hold, checked 4 s ago
      ✔ etcd-quorum   3 of 3 members answer, the leader is m1
      ✔ apiservers    m1, m2, m3 answer by themselves
      ✔ dns           kubernetes.default answered from m1, m3
      ✔ certificates  the first one ends in 364 days"
    `);
  });

  test("where it does not fit: the step that it is at, the next, and how many are not shown", () => {
    expect(plain(80, 18, quiet).join("\n")).toMatchInlineSnapshot(`
      "prod-v1                                                    05:06:07  Ctrl-C ends
      … Nothing to do: prod-v1 is being replaced by prod-v2, now: 10% of the traffic.

      prod-v1 to prod-v2: under way, 3 of 8 steps done; traffic: prod-v1 90%, prod-v2
      10%
        3 steps before
      … 10% of the traffic  since 04:59:27  6 min
      - all of the traffic  to come         about 10 s
      - hold                to come         about 10 min
      ─ point of no return: before it --abort goes back to prod-v1
        2 steps after

        MACHINE  PLACE   STATE                    FOR    WAITS FOR
      ✔ m1       A1 U40  ready                    2 min
      ✔ m3       A2 U40  ready                    2 min
      … w1       A1 U36  installing 40%, prod-v2  1 min  the system to be written to …

      4 of 4 conditions hold, checked 4 s ago"
    `);
  });

  test("going back, the next is the one before", () => {
    const back = { ...quiet, replacements: replaced({ direction: "back" }) };
    const lines = plain(80, 18, back);
    const at = lines.findIndex((line) => /10% of the traffic +being taken back/.test(line));
    expect(lines[at - 1]).toMatch(/workloads are copied +done/);
    expect(lines[1]).toContain("is being taken back, step by step");
  });

  test("before machines are heard of, it is the news", () => {
    expect(plain(80, 24, { ...quiet, machines: [] })[1]).toContain("prod-v1 is being replaced by prod-v2");
  });

  test("that it failed is the news", () => {
    const [view] = replaced({ running: false });
    const steps = view!.steps.map((step) =>
      step.current ? { ...step, state: "failed" as const, error: "no" } : step,
    );
    const failed = { ...quiet, replacements: [{ ...view!, steps }] };
    expect(plain(80, 24, failed)[1]).toMatch(/^! Tell whoever runs prod: /);
    expect(plain(80, 24, failed).join("\n")).toMatch(/! 10% of the traffic +failed/);
  });

  test("of one that is over a line is left where there is no room", () => {
    const over = replaced({ ended: { at: ago(now, 9), outcome: "replaced" }, running: false, share: 100 });
    const text = plain(80, 14, { ...quiet, replacements: over }).join("\n");
    expect(text).toContain("prod-v1 to prod-v2: replaced");
    expect(text).not.toContain("point of no return");
  });

  test("nothing is expected of a cluster that was retired meanwhile", () => {
    const gone = { ...quiet, conditions: [], checked: undefined, gone: true };
    expect(plain(80, 40, gone).join("\n")).not.toContain("conditions");
    expect(plain(80, 40, gone)[1]).toContain("prod-v1 is retired.");
    const over = replaced({ ended: { at: ago(now, 9), outcome: "replaced" }, running: false });
    expect(plain(80, 40, { ...gone, replacements: over })[1]).toContain(
      "prod-v1 is retired: prod-v2 has taken its place",
    );
  });

  test("without a screen, a step is a line, and so is the traffic", () => {
    const of = (report: Partial<ReplacementReport>) => ({ ...quiet, replacements: replaced(report) });
    const lines = (before: Watched | undefined, after: Watched) =>
      changes(before, after)
        .filter(({ type }) => type === "replacement" || type === "step")
        .map((change) => changeLine(change, 1));
    expect(lines(undefined, of({}))).toEqual([
      "   1.0 s  prod-v2    prod-v2 lands on m4, m5, m6: done",
      "   1.0 s  prod-v2    prod-v2 stays healthy for a minute: done",
      "   1.0 s  prod-v2    workloads are copied: done",
      "   1.0 s  prod-v2    10% of the traffic: under way",
      "   1.0 s  prod-v2    prod-v1 to prod-v2: under way; traffic: prod-v1 90%, prod-v2 10%",
    ]);
    expect(lines(of({}), of({}))).toEqual([]);
    expect(lines(of({}), of({ share: 100 }))).toEqual([
      "   1.0 s  prod-v2    prod-v1 to prod-v2: under way; traffic: prod-v1 0%, prod-v2 100%",
    ]);
  });
});

function replaced(more: Partial<ReplacementReport> = {}) {
  return [replacementView(exampleReplacement(now, more), now)!];
}

test("where not all machines fit, those that matter do", () => {
  const lines = plain(80, 18);
  expect(lines.length).toBeLessThanOrEqual(18);
  expect(lines.join("\n")).toContain("! w3");
  expect(lines.join("\n")).toContain("? w2");
  expect(lines.join("\n")).toMatch(/and \d more/);
});

test("colours are beside the words, and can be left out", () => {
  const painted = frame(watched, now, { columns: 80, rows: 40, colour: true }).join("\n");
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  expect(painted.replaceAll(/\u001b\[[\d;]+m/g, "")).toBe(plain(80, 40).join("\n"));
});

describe("whatever machines are called and say", () => {
  const text = fc.string({ unit: "binary", maxLength: 90 });
  test("no line is wider than the screen, and none moves the cursor", () => {
    fc.assert(
      fc.property(
        text,
        text,
        fc.integer({ min: 20, max: 200 }),
        fc.integer({ min: 1, max: 60 }),
        (a, b, columns, rows) => {
          const hostile: Watched = {
            ...watched,
            cluster: a,
            machines: watched.machines.map((machine) => ({
              ...machine,
              name: a,
              state: b,
              rack: b,
              next: `${a} ${b}`,
            })),
            conditions: [{ name: b, ok: false, describe: a, evidence: a }],
            replacements: watched.replacements.concat(replaced()).map((each) => ({
              ...each,
              blue: a,
              state: b,
              next: a,
              steps: each.steps.map((step) => ({ ...step, title: b, error: a })),
            })),
            troubles: [b],
          };
          const lines = plain(columns, rows, hostile);
          expect(lines.length).toBeLessThanOrEqual(rows);
          for (const line of lines) {
            expect(width(line)).toBeLessThanOrEqual(columns);
            expect(line).not.toMatch(/\p{Cc}/u);
          }
          for (const change of changes(undefined, hostile)) {
            expect(changeLine(change, 1)).not.toMatch(/\p{Cc}/u);
            expect(changeJson(change, now)).not.toMatch(/\p{Cc}/u);
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  test("text is fitted exactly, and broken between words", () => {
    fc.assert(
      fc.property(text, fc.integer({ min: 1, max: 40 }), (value, columns) => {
        expect(width(fit(value, columns))).toBe(columns);
        for (const line of wrap(value, columns, 3)) expect(width(line)).toBeLessThanOrEqual(columns);
        expect(wrap(value, columns, 3).length).toBeLessThanOrEqual(3);
      }),
    );
    expect(wrap("one two three four", 8, 5)).toEqual(["one two", "three", "four"]);
    expect(fit("日本語", 5)).toBe("日本…");
  });
});

describe("without a screen", () => {
  test("each change is a line", () => {
    const lines = changes(undefined, watched).map((change) => changeLine(change, 1.25));
    expect(lines).toContain(
      "   1.3 s  w1         installing 40%, waits for the system to be written to its disk",
    );
    expect(lines).toContain("   1.3 s  m1         ready");
    expect(lines).toContain(
      "   1.3 s  nodes-ready does not hold: 2 of 8: m2, w1, w2, w3, w4, w5 are not Ready",
    );
    expect(changes(watched, { ...watched })).toEqual([]);
    const [machine, ...others] = watched.machines;
    const later = {
      ...watched,
      machines: [{ ...machine!, state: "off" }, ...others],
      troubles: ["no answer"],
    };
    expect(changes(watched, later).map((change) => changeLine(change, 9))).toEqual([
      "   9.0 s  m1         off",
      "   9.0 s  watch      no answer",
    ]);
  });

  test("or a line of JSON", () => {
    const [change] = changes(undefined, watched);
    const line = changeJson(change!, now);
    expect(JSON.parse(line)).toMatchObject({
      at: "2026-03-04T05:06:07.000Z",
      type: "machine",
      machine: { name: "m1", state: "ready" },
    });
    expect(line).not.toContain("\n");
  });
});

import { describe, expect, test } from "vitest";
import { ago, exampleFleet, exampleReplacement } from "./example-fleet.ts";
import { fleetView } from "./fleet-view.ts";
import { type ReplacementReport, replacementReportSchema, replacementView } from "./replacement.ts";

const now = new Date("2026-03-04T05:06:07.000Z");
const report = (more: Partial<ReplacementReport> = {}) => exampleReplacement(now, more);
const view = (more: Partial<ReplacementReport> = {}) => replacementView(report(more), now);
/** The steps, of which the one called so is otherwise. */
const steps = (title: string, change: Partial<ReplacementReport["steps"][number]>) =>
  report().steps.map((step) => (step.title === title ? { ...step, ...change } : step));

describe("a replacement", () => {
  test("that is under way has nothing to be done, and says where it is and whose traffic is whose", () => {
    expect(view()).toMatchObject({
      signal: "busy",
      state: "under way",
      share: 10,
      next: "Nothing to do: prod-v1 is being replaced by prod-v2, now: 10% of the traffic.",
      pointOfNoReturn: "ahead",
      returnText:
        'Ahead, before "prod-v1 is archived": until then it can be aborted, and prod-v1 serves again.',
    });
  });

  test("that failed says why, and what goes on or goes back", () => {
    const failed = steps("10% of the traffic", { error: "the check canary ended with 1." });
    expect(view({ steps: failed, running: false })).toMatchObject({
      signal: "act",
      state: "failed",
      next: 'Tell whoever runs prod: "10% of the traffic" failed: the check canary ended with 1. Run it again, and it goes on: npx landfall upgrade prod --to v2; with --abort it goes back.',
    });
    expect(view({ steps: failed, running: false })?.steps.map(({ state }) => state)).toContain("failed");
  });

  test.each([
    ["ended by its person", { running: false }],
    ["killed, and silent since", { reported: ago(now, 180) }],
  ])("that was %s is to be run again", (_, more) => {
    expect(view(more)?.steps[3]?.state).toBe("stopped");
    expect(view(more)).toMatchObject({
      signal: "act",
      state: "interrupted",
      next: expect.stringMatching(
        /in "10% of the traffic", and last heard of .* ago\. Run it again, .*upgrade prod --to v2; with --abort/,
      ),
    });
  });

  test("past the point of no return does not speak of a way back", () => {
    const past = steps("prod-v1 is archived", { state: "running", begun: ago(now, 5) });
    const shown = view({ steps: past, running: false });
    expect(shown).toMatchObject({
      pointOfNoReturn: "passed",
      returnText: "Passed: prod-v1 cannot be had back; its archive holds its last state.",
    });
    expect(shown?.next).not.toContain("--abort");
  });

  test("that goes back says so, and is finished with --abort", () => {
    expect(view({ direction: "back" })).toMatchObject({ state: "going back", signal: "busy" });
    expect(view({ direction: "back", running: false })?.next).toMatch(
      /npx landfall upgrade prod --to v2 --abort\.$/,
    );
  });

  test("is at the last step that is not taken back yet, however long ago that was begun", () => {
    const back = steps("10% of the traffic", { state: "undone", begun: ago(now, 90_000) });
    const shown = view({ steps: back, direction: "back" });
    expect(shown?.steps.map(({ state, current }) => [state, current])).toEqual([
      ["done", undefined],
      ["done", undefined],
      ["undoing", true],
      ["undone", undefined],
      ...Array(4).fill(["skipped", undefined]),
    ]);
    expect(shown).toMatchObject({
      signal: "busy",
      next: 'Nothing to do: the replacement of prod-v1 is being taken back, step by step, now: "workloads are copied".',
    });
  });

  test("that cannot be taken back says of which step, and why", () => {
    const failed = steps("10% of the traffic", { state: "done", ended: ago(now, 9), error: "no answer" });
    const shown = view({ steps: failed, direction: "back", running: false });
    expect(shown).toMatchObject({
      state: "failed",
      next: expect.stringContaining('"10% of the traffic" could not be taken back: no answer. Run it again'),
    });
    expect(shown?.steps[3]).toMatchObject({ state: "failed", current: true });
  });

  test("is at its next step between two", () => {
    const between = steps("10% of the traffic", { state: "done", ended: ago(now, 1) });
    expect(view({ steps: between })?.steps[4]).toMatchObject({ state: "pending", current: true });
  });

  test("of which a step takes much longer than it was to take is worth a look", () => {
    const late = steps("10% of the traffic", { begun: ago(now, 3600) });
    expect(view({ steps: late })).toMatchObject({
      signal: "look",
      next: 'Look at "10% of the traffic": it was to take 5 min, and is at it for 60 minutes.',
    });
  });

  test.each([
    ["replaced", "prod-v2 has taken the place of prod-v1"],
    ["aborted", "the replacement of prod-v1 was taken back"],
  ] as const)("that ended (%s) is shown for a day", (outcome, text) => {
    const ended = (secondsAgo: number) =>
      view({ ended: { at: ago(now, secondsAgo), outcome }, running: false });
    expect(ended(3600)).toMatchObject({ signal: "good", next: expect.stringContaining(text) });
    expect(ended(86_401)).toBeUndefined();
  });
});

test("of the whole site it is the news, after machines that somebody has to see to", () => {
  const { machines, conditions } = exampleFleet(now);
  const quiet = machines.filter(({ name }) => name === "m1" || name === "m2");
  const of = (list: typeof machines, more: Partial<ReplacementReport> = {}) =>
    fleetView({ machines: list, conditions: [], replacements: [report(more)] }, now);
  expect(of(quiet)).toMatchObject({
    signal: "busy",
    next: expect.stringContaining("prod-v1 is being replaced"),
  });
  expect(of(quiet, { running: false })).toMatchObject({
    signal: "act",
    next: expect.stringContaining("was interrupted"),
  });
  expect(of(machines).next).toMatch(/^w3's disk belongs/);
  expect(fleetView({ machines, conditions }, now).replacements).toEqual([]);
});

describe("a report", () => {
  test("is read as it was written", () => {
    expect(replacementReportSchema.parse(JSON.parse(JSON.stringify(report())))).toEqual(report());
  });

  test.each([
    ["a name with a path in it", { green: "../prod" }],
    ["a share that is none", { share: 101 }],
    ["a time that is none", { reported: "now" }],
    ["too many steps", { steps: Array.from({ length: 1001 }, () => report().steps[0]) }],
  ])("is refused: %s", (_, more) => {
    expect(replacementReportSchema.safeParse({ ...report(), ...more }).success).toBe(false);
  });

  test("brings no character that does something, and no field that nobody knows", () => {
    const hostile = steps("hold", { title: "a\u001b[31mb\u202e\nc", error: "x".repeat(2000) });
    const { steps: read } = replacementReportSchema.parse({ ...report({ steps: hostile }), secret: "x" });
    expect(read[5]?.title).toBe("a [31mb c");
    expect(read[5]?.error).toHaveLength(1000);
    expect(JSON.stringify(replacementReportSchema.parse({ ...report(), secret: "hunter2" }))).not.toContain(
      "hunter2",
    );
  });
});

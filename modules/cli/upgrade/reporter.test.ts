import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { ReplacementReport } from "../../boot/index.ts";
import { openJournal, planRollout } from "../../rollout/index.ts";
import { testCluster, testInput } from "../../rollout/testing.ts";
import { reporterBy } from "./reporter.ts";

const blue = testCluster("v1", { masters: ["m1"], workers: ["w1"] });
const green = testCluster("v2", { masters: ["s1"], workers: ["s2"] });
const input = testInput(blue, green);
const journal = openJournal(planRollout(input), input, new Date(0));
const withShare = (share: number) => ({ ...journal, share });

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** A service that takes each report when it is told to. */
function service() {
  const got: { report: ReplacementReport; signal: AbortSignal; take: () => void; refuse: () => void }[] = [];
  const send = (report: ReplacementReport, signal: AbortSignal) =>
    new Promise<void>((take, reject) =>
      got.push({ report, signal, take, refuse: () => reject(new Error()) }),
    );
  const settle = () => vi.advanceTimersByTimeAsync(0);
  return { got, send, settle };
}

test("a report has its whole time from the moment on that it is sent, however long it waited", async () => {
  const timeouts = vi.spyOn(AbortSignal, "timeout");
  const { got, send, settle } = service();
  const reporter = reporterBy(journal, send);
  reporter.report(withShare(1));
  reporter.report(withShare(2));
  await settle();
  expect(timeouts).toHaveBeenCalledTimes(1);
  await vi.advanceTimersByTimeAsync(10_000);
  // The first is at the service for that long, and the second has not begun its time.
  expect(timeouts).toHaveBeenCalledTimes(1);
  got[0]!.refuse();
  await settle();
  expect(timeouts).toHaveBeenCalledTimes(2);
  expect(got[1]!.signal).toBe(timeouts.mock.results[1]!.value);
  expect(got[1]!.signal.aborted).toBe(false);
  got[1]!.take();
  timeouts.mockRestore();
});

test("one at a time, the latest last; what is overtaken while it waits is not sent", async () => {
  const { got, send, settle } = service();
  const reporter = reporterBy(journal, send);
  for (const share of [1, 2, 3]) reporter.report(withShare(share));
  await settle();
  expect(got.map(({ report }) => report.share)).toEqual([1]);
  const ended = reporter.end();
  got[0]!.take();
  await settle();
  expect(got.map(({ report }) => [report.share, report.running])).toEqual([
    [1, true],
    [3, false],
  ]);
  got[1]!.take();
  await ended;
});

test("a service that is away keeps nobody: the end waits for two reports at most", async () => {
  const { got, send, settle } = service();
  const reporter = reporterBy(journal, send);
  for (let share = 0; share <= 50; share++) reporter.report(withShare(share));
  const ended = reporter.end();
  for (const index of [0, 1]) {
    await settle();
    got[index]!.refuse();
  }
  await ended;
  expect(got).toHaveLength(2);
});

test("says every half minute that it is still at it, until it ends", async () => {
  const { got, send, settle } = service();
  const reporter = reporterBy(journal, send);
  reporter.report(withShare(5));
  got[0]!.take();
  await vi.advanceTimersByTimeAsync(30_000);
  expect(got).toHaveLength(2);
  expect(Date.parse(got[1]!.report.reported) - Date.parse(got[0]!.report.reported)).toBe(30_000);
  got[1]!.take();
  await settle();
  const ended = reporter.end();
  await settle();
  got[2]!.take();
  await ended;
  await vi.advanceTimersByTimeAsync(120_000);
  expect(got).toHaveLength(3);
});

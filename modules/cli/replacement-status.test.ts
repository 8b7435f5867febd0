import { spawnSync } from "node:child_process";
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { replacementView } from "../boot/index.ts";
import type { Journal } from "../rollout/index.ts";
import { testJournal } from "../rollout/testing.ts";
import { formatReplacement, readRunOf, replacementsOf } from "./replacement-status.ts";
import { reportOf } from "./upgrade/report.ts";
import { openWorkspace } from "./workspace.ts";

const now = new Date("2026-03-04T05:06:07.000Z");
const ago = (seconds: number) => new Date(now.getTime() - seconds * 1000).toISOString();

/** prod-v1 is replaced by prod-v2; nothing was done yet. */
const example = () => testJournal("prod", new Date(now.getTime() - 100_000));

function writeJournal({ root }: { readonly root: string }, version: string, journal: Journal): void {
  const folder = join(root, ".landfall", "rollouts", "prod", version);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "journal.json"), JSON.stringify(journal));
}

function workspace() {
  const root = mkdtempSync(join(tmpdir(), "landfall-status-"));
  onTestFinished(() => rmSync(root, { recursive: true }));
  return openWorkspace(root, {}, root);
}

test("both clusters show the replacement; whether somebody carries it out is told by the lock", () => {
  const where = workspace();
  const of = (cluster: string) => replacementsOf(where, { cluster, name: "prod" }, now);
  expect(of("prod-v1")).toEqual([]);
  writeJournal(where, "v2", example());
  expect(of("prod-v1")).toEqual(of("prod-v2"));
  expect(of("prod-v1")).toMatchObject([{ blue: "prod-v1", green: "prod-v2", state: "interrupted" }]);
  expect(of("prod-v3")).toEqual([]);
  // As `landfall upgrade` does: flock(1) locks the file that it inherits, and leaves it locked.
  const lock = openSync(join(where.root, ".landfall", "rollouts", "prod", "lock"), "a");
  spawnSync("flock", ["--exclusive", "--nonblock", "3"], { stdio: ["ignore", "ignore", "ignore", lock] });
  expect(of("prod-v1")).toMatchObject([{ state: "under way", signal: "busy" }]);
  closeSync(lock);
  expect(of("prod-v1")).toMatchObject([{ state: "interrupted" }]);
});

test("of one that was killed, the journal tells when it was last heard of", () => {
  const where = workspace();
  const journal = example();
  const [first, ...rest] = journal.steps;
  writeJournal(where, "v2", {
    ...journal,
    steps: [{ ...first!, state: "running" as const, begun: ago(190) }, ...rest],
    started: ago(200),
  });
  const [view] = replacementsOf(where, { cluster: "prod-v1", name: "prod" }, now);
  expect(view?.next).toContain('interrupted in "prod-v2 lands on s1 s2", and last heard of 3 minutes ago.');
});

test("its words are those of the page, which is told by landfall upgrade", () => {
  const where = workspace();
  const journal = example();
  writeJournal(where, "v2", journal);
  const [view] = replacementsOf(where, { cluster: "prod-v1", name: "prod" }, now);
  const reported = reportOf(journal, false, new Date(journal.started));
  expect(view).toEqual(replacementView(reported, now));
});

test("who asks for a cluster that was replaced is told by which", () => {
  const where = workspace();
  expect(() => readRunOf(where, "prod-v1")).toThrow("nothing is recorded of prod-v1");
  writeJournal(where, "v2", { ...example(), ended: { at: ago(9), outcome: "replaced" } });
  expect(() => readRunOf(where, "prod-v1")).toThrow("prod-v1 is retired: prod-v2 has taken its place");
});

test("one that ended is shown for a day", () => {
  const where = workspace();
  const ended = (seconds: number) => ({ at: ago(seconds), outcome: "replaced" as const });
  const of = () => replacementsOf(where, { cluster: "prod-v2", name: "prod" }, now).map(({ state }) => state);
  writeJournal(where, "v2", { ...example(), ended: ended(3600) });
  expect(of()).toEqual(["replaced"]);
  writeJournal(where, "v2", { ...example(), ended: ended(100_000) });
  expect(of()).toEqual([]);
});

test("the text says where it is, whose the traffic is, until when there is a way back, and each step with its times", () => {
  const where = workspace();
  const journal = example();
  const [first, second, ...rest] = journal.steps;
  const steps = [
    { ...first!, state: "done" as const, begun: ago(100), ended: ago(40) },
    { ...second!, state: "running" as const, begun: ago(40), error: "s2 is \u001b[31mgone" },
    ...rest,
  ];
  writeJournal(where, "v2", { ...journal, steps, share: 10 });
  const [view] = replacementsOf(where, { cluster: "prod-v1", name: "prod" }, now);
  const text = formatReplacement(view!, now);
  const lines = text.split("\n");
  expect(lines[0]).toBe("prod-v1 to prod-v2: failed, 1 of 4 steps done; traffic: prod-v1 90%, prod-v2 10%");
  expect(lines[1]).toMatch(/npx landfall upgrade prod --to v2; with --abort it goes back/);
  expect(text).toMatch(/prod-v2 lands on s1 s2 +done +60\.0 s/);
  expect(text).toMatch(/prod-v2 stays healthy for 60 s +failed\n {4}s2 is .*gone\n/);
  expect(lines.at(-2)).toBe("─── point of no return: before it --abort goes back to prod-v1");
  expect(lines.at(-1)).toMatch(/^prod-v1 ends, m1 w1 with it +to come +about 1 min/);
  expect(text).not.toContain("\u001b");
});

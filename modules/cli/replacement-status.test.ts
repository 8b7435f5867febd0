import { spawnSync } from "node:child_process";
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { testPlan } from "../plan/testing.ts";
import { type Journal, openJournal, type RolloutPlan } from "../rollout/index.ts";
import { formatReplacement, replacementsOf } from "./replacement-status.ts";
import { openWorkspace } from "./workspace.ts";

const now = new Date("2026-03-04T05:06:07.000Z");
const ago = (seconds: number) => new Date(now.getTime() - seconds * 1000).toISOString();

/** prod-v1 is replaced by prod-v2; nothing was done yet. */
function example(): Journal {
  const step = { seconds: 60, room: { blue: { machines: 2 }, green: { machines: 2 } }, reversible: true };
  const plan: RolloutPlan = {
    name: "prod",
    blue: "prod-v1",
    green: "prod-v2",
    releases: { blue: "1.34.1", green: "1.35.1" },
    steps: [
      { ...step, id: "land", kind: "land", machines: ["s1", "s2"] },
      { ...step, id: "soak", kind: "soak", soak: 60 },
      { ...step, id: "cut-over", kind: "cut-over" },
      { ...step, id: "retire", kind: "retire", machines: ["m1", "w1"], reversible: false },
    ],
    needed: { machines: 2 },
    machines: [],
    assumptions: [],
    seconds: 240,
  };
  const files = {
    blue: testPlan({ machines: [] }),
    green: testPlan({ machines: [] }),
    replacement: undefined,
  };
  return openJournal(plan, files, new Date(now.getTime() - 100_000));
}

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
  expect(text).toContain("prod-v1 to prod-v2: failed; traffic: prod-v1 90%, prod-v2 10%");
  expect(text).toMatch(/npx landfall upgrade prod --to v2; with --abort it goes back/);
  expect(text).toContain("Point of no return: Ahead");
  expect(text).toMatch(new RegExp(`land +done +${ago(100).slice(0, 19)} +60\\.0 s`));
  expect(text).toMatch(/soak +failed .* 40\.0 s +s2 is .*gone/);
  expect(text).toMatch(/retire +pending +- +about /);
  expect(text).not.toContain("\u001b");
});

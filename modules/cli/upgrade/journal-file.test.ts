import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { openJournal, planRollout } from "../../rollout/index.ts";
import { testCluster, testInput } from "../../rollout/testing.ts";
import { openWorkspace } from "../workspace.ts";
import {
  alone,
  forgetJournals,
  journalFile,
  readJournal,
  readJournals,
  setAside,
  writeJournal,
} from "./journal-file.ts";

const input = testInput(
  testCluster("v1", { masters: ["m1"], workers: ["w1"] }),
  testCluster("v2", { masters: ["s1"], workers: ["s2"] }),
);
const journal = openJournal(planRollout(input), input, new Date(0));

function workspace() {
  const root = mkdtempSync(join(tmpdir(), "landfall-rollout-"));
  onTestFinished(() => rmSync(root, { recursive: true }));
  return openWorkspace(root, {}, root);
}

test("a journal is read as it was written, by its owner alone", () => {
  const where = workspace();
  expect(readJournal(where, "prod", "v2")).toBeUndefined();
  writeJournal(where, "v2", journal);
  expect(readJournal(where, "prod", "v2")).toEqual(journal);
  const file = journalFile(where, "prod", "v2");
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(statSync(dirname(file)).mode & 0o777).toBe(0o700);
});

test("an aborted one is kept beside the one that takes its place", () => {
  const where = workspace();
  writeJournal(where, "v2", journal);
  setAside(where, "v2", journal);
  expect(readJournal(where, "prod", "v2")).toBeUndefined();
  expect(readdirSync(dirname(journalFile(where, "prod", "v2")))).toEqual([
    "journal-1970-01-01T00-00-00.000Z.json",
  ]);
});

test("of a lab that is down none is kept, of this cluster and of no other", () => {
  const where = workspace();
  writeJournal(where, "v2", journal);
  writeJournal(where, "v2", { ...journal, name: "demo" });
  forgetJournals(where, "prod");
  expect(readJournals(where, "prod")).toEqual([]);
  expect(readJournals(where, "demo")).toHaveLength(1);
  forgetJournals(where, "prod");
});

test("one at a time: a second command is refused, until the first has ended", async () => {
  const where = workspace();
  await alone(where, "prod", async () => {
    await expect(alone(where, "prod", async () => {})).rejects.toMatchObject({ code: "rollout-busy" });
    await alone(where, "demo", async () => {});
  });
  await alone(where, "prod", async () => {});
});

import { chmodSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { checkEntries, readEntries, writeEntries } from "./archive.ts";
import { ensurePki } from "./ensure.ts";
import { examplePlan } from "./example-plan.ts";
import { openStore } from "./store.ts";
import { inTemporaryFolder, unsynced } from "./temporary-folder.ts";

const plan = examplePlan(1, 1);
const now = new Date("2026-01-01T00:00:00Z");

test("a store that is read and written elsewhere is the same store, for its owner alone", () =>
  inTemporaryFolder((dir) => {
    const store = join(dir, "lab-v1");
    const pki = ensurePki(plan, store, now, { fs: unsynced });
    const entries = readEntries(store);
    expect(entries.size).toBe(plan.certificates.length + 6);
    expect(checkEntries(entries, store)).toEqual({
      generation: pki.generation,
      certificates: plan.certificates.length,
    });
    const copy = join(dir, "copy", "pki");
    writeEntries(copy, entries);
    expect(ensurePki(plan, copy, now, { onIssued: () => expect.unreachable() })).toEqual(pki);
    for (const name of readdirSync(copy, { recursive: true, encoding: "utf8" })) {
      const { mode } = statSync(join(copy, name));
      expect(mode & 0o777, name).toBe(statSync(join(copy, name)).isDirectory() ? 0o700 : 0o600);
    }
    expect(() => writeEntries(copy, entries)).toThrow(expect.objectContaining({ code: "store-exists" }));
  }));

test("what a killed process left aside, and the lock, are no entries", () =>
  inTemporaryFolder((dir) => {
    ensurePki(plan, dir, now, { fs: unsynced });
    openStore(dir).locked(() => {});
    const before = [...readEntries(dir).keys()];
    openStore(dir).locked(() => {
      openStore(dir).write("leaves/last.pem", readEntriesOf(dir));
      writeFileSync(join(dir, "aside", "0123"), "half");
    });
    chmodSync(join(dir, "aside", "0123"), 0o600);
    expect([...readEntries(dir).keys()]).toEqual([...before, "leaves/last.pem"].sort());
  }));

const readEntriesOf = (dir: string) => openStore(dir).read("leaves/admin.pem") ?? "";

test.each([
  ["a root is gone", "encryption.yaml", undefined, "store-incomplete", /no encryption.yaml/],
  ["a leaf has another's key", "leaves/admin.pem", "swap", "store-incomplete", /leaves\/admin.pem damaged/],
  ["a root is damaged", "service-account.pem", "x", "store-damaged", /./],
] as const)("refused when %s", (_, name, change, code, found) =>
  inTemporaryFolder((dir) => {
    ensurePki(plan, dir, now, { fs: unsynced });
    const entries = new Map(readEntries(dir));
    const [certificate = ""] = (entries.get("leaves/admin.pem") ?? "").split("-----BEGIN PRIVATE KEY");
    const [, key = ""] = (entries.get("leaves/etcd-client.pem") ?? "").split("-----BEGIN PRIVATE KEY");
    if (change === undefined) entries.delete(name);
    else entries.set(name, change === "swap" ? `${certificate}-----BEGIN PRIVATE KEY${key}` : change);
    const thrown = attempt(() => checkEntries(entries, "the archive"));
    expect(thrown).toMatchObject({ code });
    expect(`${(thrown as { details: { found?: string } }).details.found}`).toMatch(found);
  }),
);

function attempt(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  return undefined;
}

test("no store, no archive of it", () =>
  inTemporaryFolder((dir) => {
    expect(() => readEntries(join(dir, "none"))).toThrow(expect.objectContaining({ code: "pki-not-issued" }));
  }));

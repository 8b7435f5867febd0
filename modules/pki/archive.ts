// A whole store on its way into an archive and out of it.
import { readdirSync } from "node:fs";
import { join, relative } from "node:path";
import { LandfallError } from "../spec/index.ts";
import { generationOf } from "./ensure.ts";
import { parseEntry } from "./entry.ts";
import { missingRoots, readRoots } from "./roots.ts";
import { openStore, type Store } from "./store.ts";

/** Text by the entry's name. Everything that the store holds: as secret as the store. */
export type StoreEntries = ReadonlyMap<string, string>;

/** All entries as they are at one moment. @throws {LandfallError} as `checkEntries`, or `pki-not-issued` */
export function readEntries(storeDir: string): StoreEntries {
  const store = openStore(storeDir);
  if (!store.exists())
    throw new LandfallError("pki-not-issued", `there is no PKI store ${storeDir}`, {
      expected: "the store of a cluster that was deployed from this folder",
    });
  const entries = store.locked(
    () => new Map(namesIn(storeDir).map((name) => [name, store.read(name) ?? ""] as const)),
  );
  checkEntries(entries, storeDir);
  return entries;
}

/** Whether a cluster could go on with these: every root is there, and every certificate has its own key. */
export function checkEntries(
  entries: StoreEntries,
  from: string,
): { readonly generation: string; readonly certificates: number } {
  const store: Store = {
    dir: from,
    exists: () => true,
    read: (name) => entries.get(name),
    write: () => {
      throw new Error("entries are only read");
    },
    locked: (action) => action(),
  };
  const roots = readRoots(store);
  if (roots === undefined) throw incomplete(from, `no ${missingRoots(store).join(", ")}`);
  const leaves = [...entries].filter(([name]) => name.startsWith("leaves/"));
  const damaged = leaves.filter(([, text]) => parseEntry(text) === undefined).map(([name]) => name);
  if (damaged.length > 0) throw incomplete(from, `${damaged.join(", ")} damaged`);
  return { generation: generationOf(roots.authorities.kubernetes), certificates: leaves.length };
}

/** Makes a store of them in `storeDir`, which must not exist: 0700, and 0600 each. */
export function writeEntries(storeDir: string, entries: StoreEntries): void {
  const store = openStore(storeDir);
  if (store.exists())
    throw new LandfallError("store-exists", `there is something in ${storeDir} already`, {
      expected: "a place where nothing is",
    });
  store.locked(() => {
    for (const [name, text] of entries) store.write(name, text);
  });
}

/** The lock, and what a killed process wrote aside, are no entries. */
function namesIn(dir: string): string[] {
  return readdirSync(dir, { withFileTypes: true, recursive: true })
    .filter((each) => each.isFile())
    .map((each) => relative(dir, join(each.parentPath, each.name)))
    .filter((name) => name !== "lock" && !name.startsWith("aside/"))
    .sort();
}

function incomplete(from: string, found: string): LandfallError {
  return new LandfallError("store-incomplete", `the PKI in ${from} is not whole`, {
    found,
    expected: "all authorities and keys of the cluster, and a key for each certificate",
  });
}

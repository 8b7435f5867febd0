// A folder in Matchbox's layout. Every document is one file, replaced whole (write aside, sync, rename, sync the folder),
// so that a reader, a crash or a full disk at any point leaves the old one or the new one. People may edit the files.
import { createHash, randomBytes } from "node:crypto";
import { type FSWatcher, lstatSync, statSync, watch as watchFolder } from "node:fs";
import { type FileHandle, mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { LandfallError } from "../../spec/error.ts";
import { readDocument } from "./document.ts";
import { writersLock } from "./file-lock.ts";
import { byKey, checkedKey } from "./key.ts";
import { type BootStore, type Entry, type Kind, kinds } from "./types.ts";

export interface FileStoreOptions {
  /** Milliseconds between looks for changes that the kernel did not tell (network file systems). Default: 30 s. */
  readonly lookEvery?: number;
  /** What is there, and cannot be read, is left out of lists, and named here. */
  readonly onUnreadable?: (kind: Kind, key: string, error: LandfallError) => void;
}

const suffixes: Readonly<Record<Kind, string>> = {
  groups: ".json",
  profiles: ".json",
  ignition: "",
  generic: "",
  machines: ".json",
  conditions: ".json",
  replacements: ".json",
};

/** No document's name: keys have no leading dot. */
const aside = /^\.landfall-[0-9a-f]{16}\.new$/;
/** What is read or looked at at once in one folder. */
const atOnce = 32;

/** Opens the folder, which is made if need be; removes what a killed process left half-written. */
export async function openFileStore(folder: string, options: FileStoreOptions = {}): Promise<BootStore> {
  await mkdir(folder, { recursive: true }).catch((error) => {
    throw failure(error, `cannot make ${folder}`);
  });
  const lock = writersLock(join(folder, ".landfall-lock"));
  const watchers = new Set<Parameters<BootStore["watch"]>[0]>();
  let looking: { stop: () => void } | undefined;
  const tell = (kind: Kind, key: string) => {
    for (const watcher of watchers) watcher({ kind, key });
  };
  const first = identity(folder);
  /** An empty mount point in place of the folder knows no machine: then none may be taken for unknown. */
  const checkFolder = () => {
    if (identity(folder) === first) return;
    throw new LandfallError("store-unreachable", "the data folder is not the one that it was", {
      found: `another one, or none, at ${folder}`,
      expected: "the one that was there when the boot service started",
      next: "mount it again, or start the boot service again where this is meant",
    });
  };
  const path = (kind: Kind, key: string) => join(folder, kind, `${checkedKey(key)}${suffixes[kind]}`);

  async function get(kind: Kind, key: string): Promise<Entry | undefined> {
    const file = path(kind, key);
    try {
      const bytes = kind === "machines" && isAbsent(file) ? undefined : await readDocument(file, kind);
      if (bytes !== undefined) return { key, bytes, version: versionOf(bytes) };
      if (kind === "machines") checkFolder();
      return undefined;
    } catch (error) {
      throw failure(error, `cannot read ${file}`);
    }
  }

  // A folder that may only be read is served as well.
  await removeLeftovers(folder, lock).catch(() => {});
  return {
    get,
    async list(kind) {
      const keys = (await namesIn(join(folder, kind))).flatMap((name) => keyOf(kind, name) ?? []);
      const entries = await inTurns(keys, async (key) => {
        try {
          return await get(kind, key);
        } catch (error) {
          if (!(error instanceof LandfallError) || error.code !== "document-unreadable") throw error;
          options.onUnreadable?.(kind, key, error);
          return undefined;
        }
      });
      return entries.filter((entry) => entry !== undefined).sort(byKey);
    },
    async put(kind, key, bytes, expected) {
      const file = path(kind, key);
      const dir = join(folder, kind);
      try {
        checkFolder();
        await mkdir(dir, { recursive: true });
        const done = await lock.run(file, async () => {
          if (expected !== undefined && expected !== ((await get(kind, key))?.version ?? "absent"))
            return "conflict";
          await replace(dir, file, bytes);
          return { version: versionOf(bytes) };
        });
        if (done !== "conflict") tell(kind, key);
        return done;
      } catch (error) {
        throw failure(error, `cannot write ${file}`);
      }
    },
    async delete(kind, key) {
      const file = path(kind, key);
      try {
        await lock.run(file, async () => {
          await rm(file);
          await syncFolder(join(folder, kind));
        });
      } catch (error) {
        if (isCode(error, "ENOENT", "ENOTDIR")) return false;
        throw failure(error, `cannot delete ${file}`);
      }
      tell(kind, key);
      return true;
    },
    watch(onChange) {
      watchers.add(onChange);
      looking ??= look(folder, options.lookEvery ?? 30_000, tell);
      return () => {
        watchers.delete(onChange);
        if (watchers.size > 0) return;
        looking?.stop();
        looking = undefined;
      };
    },
    async close() {
      watchers.clear();
      looking?.stop();
      looking = undefined;
      await lock.close();
    },
  };
}

function identity(folder: string): string | undefined {
  try {
    const { dev, ino } = statSync(folder, { bigint: true });
    return `${dev} ${ino}`;
  } catch {
    return undefined;
  }
}

/**
 * Whether surely nothing has this name. Each boot request of a machine that nobody knows asks, and what the kernel has in
 * memory is answered in microseconds: handed to another thread, three looks were half of what such a request cost.
 */
function isAbsent(file: string): boolean {
  try {
    if (lstatSync(file, { throwIfNoEntry: false }) !== undefined) return false;
    return statSync(dirname(file), { throwIfNoEntry: false })?.isDirectory() ?? true;
  } catch {
    return false;
  }
}

async function replace(dir: string, file: string, bytes: Uint8Array): Promise<void> {
  const next = join(dir, `.landfall-${randomBytes(8).toString("hex")}.new`);
  try {
    const handle = await open(next, "wx", 0o644);
    try {
      await handle.writeFile(bytes);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(next, file);
  } catch (error) {
    await rm(next, { force: true });
    throw error;
  }
  await syncFolder(dir);
}

async function syncFolder(dir: string): Promise<void> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(dir, "r");
    await handle.sync();
  } finally {
    await handle?.close();
  }
}

async function removeLeftovers(folder: string, lock: ReturnType<typeof writersLock>): Promise<void> {
  const leftovers = (
    await Promise.all(
      kinds.map(async (kind) =>
        (
          await namesIn(join(folder, kind))
        )
          .filter((name) => aside.test(name))
          .map((name) => join(folder, kind, name)),
      ),
    )
  ).flat();
  if (leftovers.length === 0) return;
  // Within the lock nobody is writing: then whatever lies aside is nobody's.
  await lock.run("all", async () => {
    for (const file of leftovers) await rm(file, { force: true });
  });
}

/** Tells of every change of a document's file, at once where the kernel says so, and at the next look anyway. */
function look(folder: string, every: number, tell: (kind: Kind, key: string) => void): { stop: () => void } {
  const listening = new Map<string, FSWatcher>();
  let seen: ReadonlyMap<string, string> | undefined;
  let stopped = false;
  let looking = false;
  let again = false;

  function listen(dir: string, heard: (name: string | null) => void): void {
    if (listening.has(dir)) return;
    try {
      const watcher = watchFolder(dir, { persistent: false }, (_, name) => heard(name));
      watcher.on("error", () => unlisten(dir));
      listening.set(dir, watcher);
    } catch {
      // Not there, or no watch left to give: the looks go on.
    }
  }

  function unlisten(dir: string): void {
    listening.get(dir)?.close();
    listening.delete(dir);
  }

  function listenToAll(): void {
    listen(folder, (name) => {
      const kind = kinds.find((each) => each === name);
      if (kind === undefined) return;
      // Made, moved or removed: what is listened to so far may be no longer the folder of that name.
      unlisten(join(folder, kind));
      void lookAgain();
    });
    for (const kind of kinds) {
      listen(join(folder, kind), (name) => {
        const key = name === null ? undefined : keyOf(kind, name);
        if (key !== undefined) tell(kind, key);
      });
    }
  }

  async function lookAgain(): Promise<void> {
    again = true;
    if (looking) return;
    looking = true;
    while (again && !stopped) {
      again = false;
      // Listening first: what changes after the look is heard.
      listenToAll();
      try {
        const before = seen;
        seen = await shapes(folder);
        if (before !== undefined && !stopped) tellDifferences(before, seen, tell);
      } catch {
        // A disk that cannot be read is told to whoever reads; this looks again later.
      }
    }
    looking = false;
  }

  void lookAgain();
  const timer = setInterval(() => void lookAgain(), every);
  timer.unref();
  return {
    stop() {
      stopped = true;
      clearInterval(timer);
      for (const dir of [...listening.keys()]) unlisten(dir);
    },
  };
}

function tellDifferences(
  before: ReadonlyMap<string, string>,
  now: ReadonlyMap<string, string>,
  tell: (kind: Kind, key: string) => void,
): void {
  for (const name of new Set([...before.keys(), ...now.keys()])) {
    if (before.get(name) === now.get(name)) continue;
    const [kind, key] = JSON.parse(name) as [Kind, string];
    tell(kind, key);
  }
}

/** What changes in a file's status when its document does, by kind and key. */
async function shapes(folder: string): Promise<ReadonlyMap<string, string>> {
  const found = await Promise.all(
    kinds.map(async (kind) => {
      const names = await namesIn(join(folder, kind));
      return inTurns(names, async (name): Promise<[string, string][]> => {
        const key = keyOf(kind, name);
        if (key === undefined) return [];
        const status = await stat(join(folder, kind, name), { bigint: true }).catch(() => undefined);
        if (status === undefined) return [];
        return [[JSON.stringify([kind, key]), `${status.ino} ${status.ctimeNs} ${status.size}`]];
      });
    }),
  );
  return new Map(found.flat(2));
}

async function namesIn(dir: string): Promise<readonly string[]> {
  try {
    const found = await readdir(dir, { withFileTypes: true });
    return found.filter((each) => each.isFile() || each.isSymbolicLink()).map(({ name }) => name);
  } catch (error) {
    if (isCode(error, "ENOENT", "ENOTDIR")) return [];
    throw failure(error, `cannot read ${dir}`);
  }
}

/** The document that a file's name stands for, if any does: editors and people leave other files about. */
function keyOf(kind: Kind, name: string): string | undefined {
  const suffix = suffixes[kind];
  if (!name.endsWith(suffix)) return undefined;
  try {
    return checkedKey(name.slice(0, name.length - suffix.length));
  } catch {
    return undefined;
  }
}

async function inTurns<T, R>(items: readonly T[], each: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (let from = 0; from < items.length; from += atOnce)
    results.push(...(await Promise.all(items.slice(from, from + atOnce).map(each))));
  return results;
}

function versionOf(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex").slice(0, 32);
}

function failure(error: unknown, what: string): unknown {
  if (error instanceof LandfallError) return error;
  const found = error instanceof Error ? error.message : String(error);
  if (isCode(error, "ENOSPC", "EDQUOT")) {
    return new LandfallError("store-full", `${what}: no space left`, {
      found,
      expected: "room on the disk of the boot service's data path",
      next: "make room; what was there before is unharmed, and whoever asked asks again",
      cause: error,
    });
  }
  return new LandfallError("store-unreachable", what, {
    found,
    expected: "a folder that the boot service can read and write",
    next: "see to its disk and its owner; whoever asked asks again",
    cause: error,
  });
}

function isCode(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && "code" in error && codes.includes(String(error.code));
}

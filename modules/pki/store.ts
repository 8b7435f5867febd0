// The deployer's private store: a folder that only its owner can enter. Every entry is one file, replaced whole
// (write aside, sync, rename), so that a reader or a crash at any point sees the old entry or the new one.
import { randomBytes } from "node:crypto";
import nodeFs from "node:fs";
import { dirname, join } from "node:path";
import { LandfallError } from "../spec/index.ts";
import { flockSync } from "./flock.ts";

/** The calls that the store makes; tests pass one that fails between any two of them. */
export type StoreFs = Pick<
  typeof nodeFs,
  | "closeSync"
  | "existsSync"
  | "fstatSync"
  | "fsyncSync"
  | "mkdirSync"
  | "openSync"
  | "readFileSync"
  | "renameSync"
  | "rmSync"
  | "statSync"
  | "writeFileSync"
> & { readonly flockSync: typeof flockSync };

const realFs: StoreFs = { ...nodeFs, flockSync };

export interface Store {
  readonly dir: string;
  /** Whether anything was ever put into it. */
  exists(): boolean;
  /** Text of an entry, or undefined if there is none. */
  read(name: string): string | undefined;
  /** Replaces an entry; on return it is on the disk. Only within `locked`. */
  write(name: string, contents: string): void;
  /** Runs `action` while no other process can; makes the store if there is none. Waits 60 s at most. */
  locked<T>(action: () => T): T;
}

const name = /^[a-z0-9][a-z0-9._-]*(\/[a-z0-9][a-z0-9._-]*)*$/;
const waitSeconds = 60;

/** Opens the store in `dir`, which need not exist. Refuses one that others can enter. */
export function openStore(dir: string, fs: StoreFs = realFs): Store {
  refuseIfOpenToOthers(dir, fs);
  const made = new Set<string>();

  function makeFolder(folder: string): void {
    if (made.has(folder)) return;
    if (!fs.existsSync(folder)) {
      makeFolder(dirname(folder));
      fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
      syncFolder(dirname(folder), fs);
    }
    made.add(folder);
  }

  return {
    dir,
    exists: () => fs.existsSync(dir),
    read(entry) {
      try {
        return fs.readFileSync(join(dir, checked(entry)), "utf8");
      } catch (error) {
        if (isCode(error, "ENOENT")) return undefined;
        throw error;
      }
    },
    write(entry, contents) {
      const path = join(dir, checked(entry));
      makeFolder(dirname(path));
      const aside = join(dir, "aside", randomBytes(8).toString("hex"));
      makeFolder(dirname(aside));
      const fd = fs.openSync(aside, "wx", 0o600);
      try {
        fs.writeFileSync(fd, contents);
        fs.fsyncSync(fd);
      } finally {
        fs.closeSync(fd);
      }
      fs.renameSync(aside, path);
      syncFolder(dirname(path), fs);
    },
    locked(action) {
      const fd = lock(dir, fs, () => {
        made.clear();
        makeFolder(dir);
      });
      try {
        // What a killed run wrote aside is no entry and never will be.
        fs.rmSync(join(dir, "aside"), { recursive: true, force: true });
        return action();
      } finally {
        fs.closeSync(fd);
      }
    },
  };
}

function lock(dir: string, fs: StoreFs, makeStore: () => void): number {
  const path = join(dir, "lock");
  for (;;) {
    makeStore();
    const fd = fs.openSync(path, "a", 0o600);
    let kept = false;
    try {
      awaitLock(fd, dir, fs);
      // While we waited, its holder may have moved the store away (retire): then ours is a lock on another place.
      kept = fs.existsSync(path) && fs.statSync(path).ino === fs.fstatSync(fd).ino;
      if (kept) return fd;
    } finally {
      if (!kept) fs.closeSync(fd);
    }
  }
}

function awaitLock(fd: number, dir: string, fs: StoreFs): void {
  try {
    fs.flockSync(fd, waitSeconds);
  } catch (cause) {
    throw new LandfallError("store-locked", `cannot lock the PKI store ${dir}`, {
      found: cause instanceof Error ? cause.message : String(cause),
      expected: "one process at a time, and flock(1) from util-linux",
      next: `see who holds it: fuser -v ${join(dir, "lock")}`,
      cause,
    });
  }
}

function refuseIfOpenToOthers(dir: string, fs: StoreFs): void {
  if (!fs.existsSync(dir)) return;
  const mode = fs.statSync(dir).mode & 0o777;
  if ((mode & 0o077) === 0) return;
  throw new LandfallError("store-open-to-others", `the PKI store ${dir} can be entered by others`, {
    found: `mode ${mode.toString(8)}`,
    expected: "mode 700: it holds the cluster's private keys",
    next: `if nobody has read them: chmod -R go= ${dir}`,
  });
}

function syncFolder(folder: string, fs: StoreFs): void {
  const fd = fs.openSync(folder, "r");
  try {
    fs.fsyncSync(fd);
  } finally {
    fs.closeSync(fd);
  }
}

function checked(entry: string): string {
  if (!name.test(entry)) throw new RangeError(`no name of a store's entry: ${JSON.stringify(entry)}`);
  return entry;
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}

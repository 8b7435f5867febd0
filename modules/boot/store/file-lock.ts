// One process at a time writes to a folder; within it, one write of a document at a time.
import { spawn } from "node:child_process";
import { type FileHandle, mkdir, open } from "node:fs/promises";
import { dirname } from "node:path";
import { LandfallError } from "../../spec/error.ts";

export interface WritersLock {
  /**
   * Runs an action while no other process can run one. Actions on the same document take turns, in their order; others
   * of this process go side by side, so that they wait for the disk together.
   */
  run<T>(document: string, action: () => Promise<T>): Promise<T>;
  /** Waits for what is under way. */
  close(): Promise<void>;
}

interface Waiting {
  readonly document: string;
  /** Never rejects. */
  readonly action: () => Promise<void>;
  readonly refuse: (error: unknown) => void;
}

const waitSeconds = 10;
/** What waits is done in one go, so that the lock costs little; but others get their turn. */
const mostInOneGo = 64;
/** Milliseconds for which it is held when all is done: a machine that boots writes several times in a row. */
const lingerMs = 20;

/** The lock is the kernel's, on the open file: it ends with the process at the latest, and no crash leaves one behind. */
export function writersLock(path: string): WritersLock {
  let waiting: Waiting[] = [];
  let working: Promise<void> | undefined;
  let wake = () => {};

  async function work(): Promise<void> {
    while (waiting.length > 0) {
      let held: FileHandle;
      try {
        held = await take(path);
      } catch (error) {
        for (const { refuse } of waiting.splice(0)) refuse(error);
        continue;
      }
      try {
        for (let left = mostInOneGo; left > 0; ) {
          const now = takeApart(left);
          await Promise.all(now.map(({ action }) => action()));
          left -= now.length;
          if (waiting.length === 0) await more();
          if (waiting.length === 0) break;
        }
      } finally {
        await held.close();
      }
    }
    working = undefined;
  }

  /** Until something waits, or the time to linger is over. */
  function more(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, lingerMs);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** The first of each document, from the front. */
  function takeApart(most: number): readonly Waiting[] {
    const documents = new Set<string>();
    const now: Waiting[] = [];
    waiting = waiting.filter((each) => {
      const taken = now.length < most && !documents.has(each.document);
      documents.add(each.document);
      if (taken) now.push(each);
      return !taken;
    });
    return now;
  }

  return {
    run(document, action) {
      return new Promise((resolve, reject) => {
        waiting.push({ document, action: () => action().then(resolve, reject), refuse: reject });
        wake();
        working ??= work();
      });
    },
    close: async () => working,
  };
}

/** Node cannot ask for the lock: flock(1) does, on the file description that it inherits, and leaves it locked. */
async function take(path: string): Promise<FileHandle> {
  await mkdir(dirname(path), { recursive: true });
  const handle = await open(path, "a", 0o644);
  try {
    const problem = await new Promise<string | undefined>((resolve, reject) => {
      const child = spawn("flock", ["-x", "-w", String(waitSeconds), "3"], {
        stdio: ["ignore", "ignore", "ignore", handle.fd],
      });
      child.on("error", reject);
      child.on("close", (code) =>
        resolve(code === 0 ? undefined : `another process has held it for ${waitSeconds} s`),
      );
    });
    if (problem !== undefined) {
      throw new LandfallError("store-unreachable", `cannot lock ${path}`, {
        found: problem,
        expected: "one process that writes at a time",
        next: `see who holds it: fuser -v ${path}`,
      });
    }
    return handle;
  } catch (error) {
    await handle.close();
    throw error;
  }
}

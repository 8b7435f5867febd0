// Locks between processes, that the kernel gives back however a process ends.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, fstatSync, openSync, rmSync, statSync } from "node:fs";
import { LandfallError } from "../spec/index.ts";

/** Seconds. */
const patience = 120;

/**
 * Runs `action` while this process alone holds the lock at `path`; the file is gone afterwards.
 * @throws LandfallError `lock-held` when another process holds it for two minutes.
 */
export async function withLock<T>(path: string, action: () => T | Promise<T>): Promise<T> {
  for (;;) {
    const fd = openSync(path, "a", 0o600);
    try {
      await lock(fd, path);
      // The holder before removed the file: then this lock is on nothing that others would find.
      if (statSync(path, { throwIfNoEntry: false })?.ino !== fstatSync(fd).ino) continue;
      try {
        return await action();
      } finally {
        rmSync(path, { force: true });
      }
    } finally {
      closeSync(fd);
    }
  }
}

/** flock(1) locks the open file that it inherits, and leaves it locked: Node itself cannot. */
async function lock(fd: number, path: string): Promise<void> {
  const child = spawn("flock", ["--exclusive", "--wait", String(patience), "3"], {
    stdio: ["ignore", "ignore", "ignore", fd],
  });
  const [code] = (await once(child, "close")) as [number | null];
  if (code !== 0) {
    throw new LandfallError("lock-held", `another process has held ${path} for ${patience} s`, {
      next: "wait for it, or end it, then try again",
    });
  }
}

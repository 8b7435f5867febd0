import { spawnSync } from "node:child_process";

/**
 * Takes the kernel's lock on an open file; it ends when the file is closed, so with the process at the latest. Node
 * cannot ask for one: flock(1) does, on the file description that it inherits from us, and leaves it locked.
 * Throws where another process has held it for `waitSeconds`.
 */
export function flockSync(fd: number, waitSeconds: number): void {
  const { status, error, stderr } = spawnSync("flock", ["-x", "-w", String(waitSeconds), "3"], {
    stdio: ["ignore", "ignore", "pipe", fd],
    encoding: "utf8",
  });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(stderr.trim() || `another process has held it for ${waitSeconds} s`);
}

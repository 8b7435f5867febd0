import { type ChildProcess, spawn } from "node:child_process";
import { LandfallError } from "../spec/error.ts";
import { installHint } from "./host.ts";

export interface FileLock {
  release(): Promise<void>;
}

/**
 * Takes a lock that the kernel gives back when this process ends, however it ends: flock(1) holds it for as long as
 * its standard input, a pipe from here, is open.
 */
export async function lockFile(
  path: string,
  options: { onWait: () => void; signal?: AbortSignal },
): Promise<FileLock> {
  const holder = spawn("flock", [path, "sh", "-c", "echo locked; cat"], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const waiting = setTimeout(options.onWait, 500);
  const stop = () => holder.kill();
  options.signal?.addEventListener("abort", stop, { once: true });
  try {
    await new Promise<void>((resolve, reject) => {
      holder.once("error", () =>
        reject(
          new LandfallError("tool-missing", "flock is not installed", {
            expected: "flock",
            next: installHint("flock"),
          }),
        ),
      );
      holder.once("exit", () =>
        reject(new LandfallError("build-cancelled", `stopped while waiting for ${path}`)),
      );
      holder.stdout.once("data", () => resolve());
    });
  } finally {
    clearTimeout(waiting);
    options.signal?.removeEventListener("abort", stop);
  }
  return { release: () => closed(holder) };
}

async function closed(holder: ChildProcess): Promise<void> {
  const exited = new Promise((resolve) => holder.once("exit", resolve));
  holder.stdin?.end();
  if (holder.exitCode === null) await exited;
}

import { createInterface } from "node:readline";
import { execa } from "execa";
import { LandfallError } from "../spec/error.ts";
import { installHint } from "./host.ts";
import type { Run } from "./types.ts";

/**
 * Runs programs with the caller's environment. The last lines of a failed program are in its error.
 * @throws LandfallError `tool-missing`, `build-cancelled` or `build-failed`
 */
export const runProcess: Run = async (program, args, options = {}) => {
  // Dies with this process, and in a process group of its own: what it started is killed with it.
  const child = execa("setpriv", ["--pdeathsig", "KILL", program, ...args], {
    reject: false,
    all: true,
    detached: true,
    stripFinalNewline: false,
    ...(options.cwd !== undefined && { cwd: options.cwd }),
    ...(options.env !== undefined && { env: options.env }),
    ...(options.input !== undefined ? { input: options.input } : { stdin: "ignore" as const }),
  });
  const { onLine, signal } = options;
  if (onLine !== undefined) createInterface({ input: child.all }).on("line", onLine);
  const stop = () => {
    if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
  };
  signal?.addEventListener("abort", stop, { once: true });
  if (signal?.aborted) stop();
  const result = await child;
  signal?.removeEventListener("abort", stop);

  if (!result.failed) return result.stdout;
  if (signal?.aborted) throw new LandfallError("build-cancelled", `${program} was stopped`);
  if (result.code === "ENOENT" || (result.exitCode === 127 && result.stderr.startsWith("setpriv: "))) {
    throw new LandfallError("tool-missing", `${program} is not installed`, {
      found: `no ${program} on the PATH`,
      expected: program,
      next: installHint(program),
    });
  }
  const said = result.all.trimEnd().split("\n").slice(-15).join("\n");
  throw new LandfallError(
    "build-failed",
    `${program} ended with exit code ${result.exitCode ?? "none"}: ${said}`,
  );
};

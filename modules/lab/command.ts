import { execFile } from "node:child_process";
import { LandfallError } from "../spec/index.ts";

export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end, without proxies of the caller's: the lab's addresses are its own. Never throws for an exit code. */
export function attempt(
  argv: readonly string[],
  options: { input?: string; signal?: AbortSignal } = {},
): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    const child = execFile(
      argv[0]!,
      argv.slice(1),
      {
        env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C" },
        maxBuffer: 64 << 20,
        ...(options.signal === undefined ? {} : { signal: options.signal, killSignal: "SIGKILL" as const }),
      },
      (error, stdout, stderr) => {
        if (error !== null && typeof error.code !== "number" && error.signal === undefined)
          return reject(error);
        resolve({
          code: error === null ? 0 : typeof error.code === "number" ? error.code : 137,
          stdout,
          stderr,
        });
      },
    );
    child.stdin?.on("error", () => {}); // a program that ended before it read everything: its exit code tells
    child.stdin?.end(options.input ?? "");
  });
}

/**
 * Runs a program that must succeed, and returns what it wrote.
 * @throws LandfallError `command-failed` with the end of what it said.
 */
export async function run(
  argv: readonly string[],
  options: { input?: string; signal?: AbortSignal } = {},
): Promise<string> {
  const { code, stdout, stderr } = await attempt(argv, options);
  if (code !== 0) {
    throw new LandfallError("command-failed", `${argv.join(" ")} failed`, {
      found: `exit ${code}: ${stderr.trim().slice(-800)}`,
      expected: "exit 0",
    });
  }
  return stdout;
}

/** An argv whose process joins control groups (folders) before it becomes the program. */
export function inGroup(folders: readonly string[], argv: readonly string[]): string[] {
  const join =
    'while [ "$1" != -- ]; do echo $$ > "$1/cgroup.procs" || exit 1; shift; done; shift; exec "$@"';
  return ["sh", "-c", join, "sh", ...folders, "--", ...argv];
}

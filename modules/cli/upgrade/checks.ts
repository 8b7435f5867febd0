// The user's own proof that green is good: a command here, or a Job there.
import { dirname, resolve } from "node:path";
import type { Api } from "../../kubernetes/index.ts";
import { runCommand } from "../../power/index.ts";
import type { Check } from "../../rollout/index.ts";
import { LandfallError } from "../../spec/error.ts";
import { runJob } from "./job.ts";

export interface CheckOptions {
  readonly check: Pick<Check, "name" | "command" | "job" | "timeout">;
  readonly blue: string;
  readonly green: string;
  /** The project's. */
  readonly folder: string;
  /** Of green. */
  readonly clusterFile: string;
  /** Path. */
  readonly kubeconfig: string;
  readonly api: Api;
  readonly signal: AbortSignal;
}

/** @throws {LandfallError} `check-failed`, with what it said */
export async function runCheck(options: CheckOptions): Promise<void> {
  const { check, signal } = options;
  const timeout = AbortSignal.timeout(check.timeout * 1000);
  const either = AbortSignal.any([signal, timeout]);
  const evidence: string[] = [];
  try {
    await (check.command === undefined
      ? runJob({
          api: options.api,
          file: resolve(dirname(options.clusterFile), check.job ?? ""),
          timeoutSeconds: check.timeout,
          signal: either,
          onEvidence: (line) => evidence.push(line),
        })
      : runHere(options, check.command, either));
  } catch (error) {
    signal.throwIfAborted();
    const said = error instanceof Error ? error.message : String(error);
    const found = timeout.aborted ? `no end within ${check.timeout} s` : said;
    throw new LandfallError("check-failed", `the check ${check.name} failed: ${options.green} is not good`, {
      found: [found, ...evidence].join("\n"),
      expected:
        check.job === undefined
          ? `${check.command?.join(" ")}: ends with 0`
          : `the Job of ${check.job}: complete`,
      next: `look at ${options.green} (it stays as it is); mend it or the check and run the same command again, or go back: --abort`,
      cause: error,
    });
  }
}

async function runHere(
  options: CheckOptions,
  command: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const { blue, green, kubeconfig, folder } = options;
  const values: Readonly<Record<string, string>> = { blue, green, kubeconfig };
  const argv = command.map((word) =>
    word.replaceAll(/\{(blue|green|kubeconfig)\}/g, (_, key) => values[key] ?? ""),
  );
  await runCommand(argv, { folder, signal });
}

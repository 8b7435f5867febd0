// The user's own proof that green is good: a command here, or a Job there.
import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { setTimeout } from "node:timers/promises";
import { parse } from "yaml";
import { type Api, ApiError, applyManifests, getJson } from "../../kubernetes/index.ts";
import { runCommand } from "../../power/index.ts";
import type { Check } from "../../rollout/index.ts";
import { LandfallError } from "../../spec/error.ts";

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
  try {
    await (check.command === undefined ? runJob(options, either) : runHere(options, check.command, either));
  } catch (error) {
    signal.throwIfAborted();
    const said = error instanceof Error ? error.message : String(error);
    const found = timeout.aborted ? `no end within ${check.timeout} s` : said;
    throw new LandfallError("check-failed", `the check ${check.name} failed: ${options.green} is not good`, {
      found,
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

interface Job {
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly status?: { readonly conditions?: readonly { type: string; status: string; message?: string }[] };
}

/** One that an earlier run left is no proof of now: it goes first. */
async function runJob(options: CheckOptions, signal: AbortSignal): Promise<void> {
  const { check, api, clusterFile } = options;
  const file = resolve(dirname(clusterFile), check.job ?? "");
  const job = parse(await readFile(file, "utf8")) as Job & {
    readonly kind?: string;
    readonly apiVersion?: string;
  };
  if (job.kind !== "Job" || job.apiVersion !== "batch/v1" || typeof job.metadata?.name !== "string")
    throw new Error(`${file} holds no Job of batch/v1`);
  const { name, namespace = "default" } = job.metadata;
  const path = `/apis/batch/v1/namespaces/${encodeURIComponent(namespace)}/jobs/${encodeURIComponent(name)}`;
  await remove(api, path, signal);
  await applyManifests({ client: api, manifests: [job], timeoutSeconds: check.timeout, signal });
  try {
    for (;;) {
      const { value } = await getJson<Job>(api, path, { signal });
      const holds = (type: string) =>
        value.status?.conditions?.find((each) => each.type === type && each.status === "True");
      if (holds("Complete") !== undefined) return;
      const failed = holds("Failed");
      if (failed !== undefined) throw new Error(`the Job failed: ${failed.message ?? "no reason given"}`);
      await setTimeout(500, undefined, { signal });
    }
  } finally {
    // What cannot be deleted now is before the next run.
    await remove(api, path, AbortSignal.timeout(10_000)).catch(() => {});
  }
}

async function remove(api: Api, path: string, signal: AbortSignal): Promise<void> {
  const query = "propagationPolicy=Foreground";
  const reply = await api.request({ method: "DELETE", path: `${path}?${query}`, signal });
  if (reply.status >= 300 && reply.status !== 404) throw new ApiError("delete", reply);
  for (;;) {
    const { status } = await api.request({ path, signal });
    if (status === 404) return;
    await setTimeout(300, undefined, { signal });
  }
}

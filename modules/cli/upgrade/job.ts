// A check that is a Job in green: made anew, awaited, and deleted, whatever it came to.
import { readFile } from "node:fs/promises";
import { setTimeout } from "node:timers/promises";
import { parse } from "yaml";
import { type Api, ApiError, applyManifests, getJson } from "../../kubernetes/index.ts";
import { harmless } from "../watch/text.ts";

export interface JobOptions {
  readonly api: Api;
  /** Path of a manifest. */
  readonly file: string;
  readonly timeoutSeconds: number;
  readonly signal: AbortSignal;
  /** Told, when it did not complete, what its pods show. */
  readonly onEvidence: (line: string) => void;
}

interface Job {
  readonly kind?: string;
  readonly apiVersion?: string;
  readonly metadata?: { readonly name?: unknown; readonly namespace?: string };
  readonly status?: { readonly conditions?: readonly { type: string; status: string; message?: string }[] };
}

interface Pod {
  readonly metadata: { readonly name: string };
  readonly status?: {
    readonly phase?: string;
    readonly conditions?: readonly { type: string; status: string; message?: string }[];
    readonly initContainerStatuses?: readonly Container[];
    readonly containerStatuses?: readonly Container[];
  };
}

interface Container {
  readonly name: string;
  readonly state?: {
    readonly waiting?: { readonly reason?: string; readonly message?: string };
    readonly terminated?: { readonly exitCode: number; readonly reason?: string };
  };
}

/** Milliseconds that the end of a Job may take, whose check is over. */
const patience = 10_000;
/** Lines of a log. */
const tail = 10;

/** One that an earlier run left is no proof of now: it goes first. */
export async function runJob(options: JobOptions): Promise<void> {
  const { api, file, timeoutSeconds, signal, onEvidence } = options;
  const job = parse(await readFile(file, "utf8")) as Job | null;
  const name = job?.metadata?.name;
  if (job?.kind !== "Job" || job.apiVersion !== "batch/v1" || typeof name !== "string")
    throw new Error(`${file} holds no Job of batch/v1`);
  const namespace = job.metadata?.namespace ?? "default";
  const path = `/apis/batch/v1/namespaces/${encodeURIComponent(namespace)}/jobs/${encodeURIComponent(name)}`;
  await remove(api, path, signal);
  try {
    await applyManifests({ client: api, manifests: [job], timeoutSeconds, signal });
    for (;;) {
      const { value } = await getJson<Job>(api, path, { signal });
      const holds = (type: string) =>
        value.status?.conditions?.find((each) => each.type === type && each.status === "True");
      if (holds("Complete") !== undefined) return;
      const failed = holds("Failed");
      if (failed !== undefined) throw new Error(`the Job failed: ${failed.message ?? "no reason given"}`);
      await setTimeout(500, undefined, { signal });
    }
  } catch (error) {
    // What can be known is asked for even if the time of the check is over; what cannot is not the news.
    const lines = await podsOf(api, namespace, name, AbortSignal.timeout(patience)).catch(() => []);
    for (const line of lines) onEvidence(line);
    throw error;
  } finally {
    // What cannot be deleted now is before the next run.
    await remove(api, path, AbortSignal.timeout(patience)).catch(() => {});
  }
}

/** What became of its pods, and the last words of those that failed. */
async function podsOf(api: Api, namespace: string, job: string, signal: AbortSignal): Promise<string[]> {
  const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods`;
  const selector = encodeURIComponent(`batch.kubernetes.io/job-name=${job}`);
  const { value } = await getJson<{ items: readonly Pod[] }>(api, `${path}?labelSelector=${selector}`, {
    signal,
  });
  const lines: string[] = [];
  for (const { metadata, status = {} } of value.items) {
    const { initContainerStatuses = [], containerStatuses = [], phase = "Unknown", conditions = [] } = status;
    const said = lines.length;
    for (const { name, state = {} } of [...initContainerStatuses, ...containerStatuses]) {
      const where = `pod ${metadata.name}, ${name}`;
      const { waiting, terminated } = state;
      if (waiting !== undefined)
        lines.push(`${where}: ${[waiting.reason ?? "waiting", waiting.message].filter(Boolean).join(": ")}`);
      if (terminated === undefined || terminated.exitCode === 0) continue;
      lines.push(`${where}: ended with ${terminated.exitCode} (${terminated.reason ?? "no reason given"})`);
      const query = `container=${encodeURIComponent(name)}&tailLines=${tail}&limitBytes=4096`;
      const log = await api.request({ path: `${path}/${metadata.name}/log?${query}`, signal });
      if (log.status === 200)
        lines.push(
          ...log.body
            .trimEnd()
            .split("\n")
            .filter(Boolean)
            .map((line) => `  ${line}`),
        );
    }
    if (lines.length > said) continue;
    const unscheduled = conditions.find(({ type, status: is }) => type === "PodScheduled" && is === "False");
    lines.push(`pod ${metadata.name}: ${[phase, unscheduled?.message].filter(Boolean).join(": ")}`);
  }
  return lines.map(harmless);
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

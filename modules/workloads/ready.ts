// Whether what was copied runs: it is there at once, and answers when its pods are ready.
import { type Api, getJson } from "../kubernetes/index.ts";
import { LandfallError } from "../spec/error.ts";
import { clockOf, type Patience, pause, persist } from "./write.ts";

export interface Workload {
  readonly metadata: { readonly name: string; readonly namespace: string; readonly generation?: number };
  readonly spec?: { readonly replicas?: number };
  readonly status?: {
    readonly observedGeneration?: number;
    readonly readyReplicas?: number;
    readonly updatedReplicas?: number;
    readonly desiredNumberScheduled?: number;
    readonly numberReady?: number;
  };
}

const kinds = ["deployments", "statefulsets", "daemonsets"] as const;
type Kind = (typeof kinds)[number];
export type Workloads = Readonly<Record<Kind, readonly Workload[]>>;

export interface WorkOptions extends Patience {
  readonly from: Api;
  readonly to: Api;
  /** NAME-VERSION of `from`. */
  readonly blue: string;
  readonly green: string;
  readonly timeoutSeconds: number;
  readonly onProgress: (line: string) => void;
}

const intervalMs = 500;

/**
 * Waits until everything that blue has, and green too, is as ready in green as it should be.
 * @throws {LandfallError} `work-not-ready`
 */
export async function awaitWork(options: WorkOptions): Promise<void> {
  const { from, to, blue, green, timeoutSeconds, signal, onProgress } = options;
  const deadline = clockOf(options) + timeoutSeconds * 1000;
  const read = (api: Api, cluster: string) =>
    persist(
      options,
      deadline,
      () => readWork(api, signal),
      (evidence) => onProgress(`waits for the API of ${cluster}: ${evidence}`),
    );
  const before = await read(from, blue);
  let said = "";
  for (;;) {
    const missing = notReady(before, await read(to, green));
    if (missing.length === 0) return;
    const line = `waits for ${missing.join(", ")}`;
    if (line !== said) onProgress(line);
    said = line;
    if (clockOf(options) > deadline) {
      throw new LandfallError("work-not-ready", `the work of ${blue} does not run in ${green}`, {
        found: missing.join("\n"),
        expected: `as many ready pods as in ${blue} within ${timeoutSeconds} s`,
        next: `npx landfall kubectl ${green} -- get pods -A says more; mend it and run the same command again, or go back (--undo of migrate, --abort of upgrade)`,
      });
    }
    await pause(options, intervalMs);
  }
}

async function readWork(api: Api, signal: AbortSignal | undefined): Promise<Workloads> {
  const lists = await Promise.all(
    kinds.map(async (kind) => {
      const path = `/apis/apps/v1/${kind}`;
      const { value } = await getJson<{ items: readonly Workload[] }>(api, path, {
        signal,
        timeoutMs: 20_000,
      });
      return [kind, value.items] as const;
    }),
  );
  return Object.fromEntries(lists) as unknown as Workloads;
}

/** What green does not run yet as it should, as `deployment shop/web: 1 of 2`. */
export function notReady(blue: Workloads, green: Workloads): string[] {
  return kinds.flatMap((kind) => {
    const known = new Map(blue[kind].map((each) => [idOf(each), each]));
    return green[kind].flatMap((workload) => {
      const original = known.get(idOf(workload));
      if (original === undefined) return [];
      const [have, want] = [readyIn(kind, workload), wantedIn(kind, original, workload)];
      return have >= want ? [] : [`${kind.slice(0, -1)} ${idOf(workload)}: ${have} of ${want}`];
    });
  });
}

/** What is ready of an older template does not count. */
function readyIn(kind: Kind, { metadata, status = {} }: Workload): number {
  if ((status.observedGeneration ?? 0) < (metadata.generation ?? 0)) return 0;
  if (kind === "daemonsets") return status.numberReady ?? 0;
  return Math.min(status.readyReplicas ?? 0, status.updatedReplicas ?? 0);
}

/** All of it; of what is not whole in blue either, no more than there. What was moved is stopped in blue. */
function wantedIn(kind: Kind, blue: Workload, green: Workload): number {
  if (kind === "daemonsets")
    return Math.max(
      green.status?.desiredNumberScheduled ?? 0,
      // Not looked at yet.
      (green.status?.observedGeneration ?? 0) < (green.metadata.generation ?? 0) ? 1 : 0,
    );
  const replicas = green.spec?.replicas ?? 1;
  const [asked, ready] = [blue.spec?.replicas ?? 1, blue.status?.readyReplicas ?? 0];
  return asked > 0 && ready < asked ? Math.min(ready, replicas) : replicas;
}

function idOf({ metadata: { namespace, name } }: Workload): string {
  return `${namespace}/${name}`;
}

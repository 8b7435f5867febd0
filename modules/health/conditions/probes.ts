import { type Api, ApiError, getJson, reason } from "../../kubernetes/index.ts";
import type { Plan } from "../../plan/index.ts";
import { probe as names } from "../probe-manifests.ts";

/** What a node's own pod reports of the cluster as it sees it; the answer of /probe (modules/release/web). */
export interface Probe {
  readonly node: string;
  readonly dns: { readonly name: string; readonly addresses?: readonly string[]; readonly error?: string };
  readonly service: { readonly address?: string; readonly node?: string; readonly error?: string };
}

/** What a machine's pod reports, or why it could not be asked. */
export type NodeProbe = { readonly machine: string } & (
  | { readonly probe: Probe; readonly problem?: never }
  | { readonly probe?: never; readonly problem: string }
);

interface Pod {
  readonly metadata: { readonly name: string; readonly deletionTimestamp?: string };
  readonly spec?: { readonly nodeName?: string };
  readonly status?: {
    readonly phase?: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
    readonly containerStatuses?: readonly {
      readonly state?: { readonly waiting?: { readonly reason?: string; readonly message?: string } };
    }[];
  };
}

/** Asks the pod of each planned machine what it sees. Pods that are not ready yet are not asked. */
export async function probeNodes(
  api: Api,
  plan: Plan,
  signal: AbortSignal | undefined,
): Promise<readonly NodeProbe[]> {
  const selector = encodeURIComponent(`app.kubernetes.io/name=${names.name}`);
  const { value } = await getJson<{ items?: readonly Pod[] }>(
    api,
    `/api/v1/namespaces/${names.namespace}/pods?labelSelector=${selector}`,
    { signal },
  );
  const pods = new Map(
    (value.items ?? [])
      .filter((pod) => pod.metadata.deletionTimestamp === undefined)
      .map((pod) => [pod.spec?.nodeName, pod]),
  );
  return Promise.all(
    plan.machines.map(async ({ name: machine }) => {
      const pod = pods.get(machine);
      if (!pod) return { machine, problem: `no pod of ${names.name} there` };
      const problem = notReady(pod);
      if (problem !== undefined) return { machine, problem };
      try {
        return { machine, probe: await ask(api, pod.metadata.name, signal) };
      } catch (error) {
        const why =
          error instanceof ApiError ? `${error.status} from the apiserver that asked it` : reason(error);
        return { machine, problem: `its pod does not answer: ${why}` };
      }
    }),
  );
}

async function ask(api: Api, pod: string, signal: AbortSignal | undefined): Promise<Probe> {
  const path = `/api/v1/namespaces/${names.namespace}/pods/${pod}:${names.port}/proxy/probe`;
  const { value } = await getJson<Probe>(api, path, { timeoutMs: 4000, signal });
  return value;
}

function notReady({ status }: Pod): string | undefined {
  if (status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True")) return undefined;
  const waiting = status?.containerStatuses?.find(({ state }) => state?.waiting)?.state?.waiting;
  return `its pod is not ready: ${waiting?.reason ?? status?.phase ?? "no status yet"}`;
}

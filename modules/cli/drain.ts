// Takes a node out of a living cluster: no new pods, the old ones evicted, and its object gone once its power is.
import { setTimeout } from "node:timers/promises";
import { type Api, getJson } from "../kubernetes/index.ts";

/** What says whether a pod is bound to its node. */
interface Kept {
  readonly metadata: {
    readonly annotations?: Readonly<Record<string, string>>;
    readonly ownerReferences?: readonly { readonly kind: string }[];
  };
  readonly status: { readonly phase?: string };
}

interface Pod extends Kept {
  readonly metadata: Kept["metadata"] & {
    readonly name: string;
    readonly namespace: string;
    readonly deletionTimestamp?: string;
  };
}

/** A pod that has not left its node. */
export interface Left {
  readonly pod: string;
  /** It is told to end, and has only not been heard of since. */
  readonly ending: boolean;
}

/**
 * Evicts until no pod that could run elsewhere is left; resolves to those that are left when time is up. Of a machine
 * that has no power nothing is to be heard any more: its pods are as good as gone when they are told to end.
 */
export async function drain(
  api: Api,
  node: string,
  timeoutSeconds: number,
  signal: AbortSignal,
  off = false,
): Promise<readonly Left[]> {
  const deadline = performance.now() + timeoutSeconds * 1000;
  const cordoned = await cordon(api, node, true, signal);
  if (cordoned.status === 404) return [];
  if (cordoned.status !== 200) throw new Error(`the API answered ${cordoned.status} to a cordon`);
  for (;;) {
    const pods = (await podsOf(api, node, signal))
      .filter(canRunElsewhere)
      .filter(({ metadata }) => !(off && metadata.deletionTimestamp !== undefined));
    if (pods.length === 0 || performance.now() > deadline) return pods.map(asLeft);
    // A refusal (429) is a disruption budget: asked again until it allows it.
    await Promise.all(pods.map((pod) => evict(api, pod, signal)));
    await setTimeout(500, undefined, { signal });
  }
}

function asLeft({ metadata: { namespace, name, deletionTimestamp } }: Pod): Left {
  return { pod: `${namespace}/${name}`, ending: deletionTimestamp !== undefined };
}

/** Undoes what `drain` began. */
export async function uncordon(api: Api, node: string, signal: AbortSignal): Promise<void> {
  const { status } = await cordon(api, node, false, signal);
  if (status !== 200 && status !== 404) throw new Error(`the API answered ${status} to the end of a cordon`);
}

function cordon(api: Api, node: string, unschedulable: boolean, signal: AbortSignal) {
  return api.request({
    method: "PATCH",
    path: `/api/v1/nodes/${node}`,
    contentType: "application/merge-patch+json",
    body: JSON.stringify({ spec: { unschedulable } }),
    signal,
  });
}

/** Forgets the node, and with it the pods that are said to run on it. The machine has no power: see `forgetPods`. */
export async function deleteNode(api: Api, node: string, signal: AbortSignal): Promise<void> {
  const { status } = await api.request({ method: "DELETE", path: `/api/v1/nodes/${node}`, signal });
  if (status !== 200 && status !== 404) throw new Error(`the API answered ${status} to the end of a node`);
  await forgetPods(api, node, signal);
}

/**
 * Forgets the pods of a machine that surely has no power: those of DaemonSets, and its own. Nobody else tells the API that
 * they are no more, and until its patience is over, about a minute, Services send connections to them.
 */
export async function forgetPods(api: Api, node: string, signal: AbortSignal): Promise<void> {
  const pods = await podsOf(api, node, signal);
  await Promise.all(
    pods.map(async ({ metadata: { name, namespace } }) => {
      const { status } = await api.request({
        method: "DELETE",
        path: `/api/v1/namespaces/${namespace}/pods/${name}`,
        contentType: "application/json",
        body: JSON.stringify({ apiVersion: "v1", kind: "DeleteOptions", gracePeriodSeconds: 0 }),
        signal,
      });
      if (status !== 200 && status !== 202 && status !== 404)
        throw new Error(`the API answered ${status} to the end of the pod ${namespace}/${name}`);
    }),
  );
}

async function podsOf(api: Api, node: string, signal: AbortSignal): Promise<readonly Pod[]> {
  const path = `/api/v1/pods?fieldSelector=${encodeURIComponent(`spec.nodeName=${node}`)}`;
  return (await getJson<{ items: readonly Pod[] }>(api, path, { signal })).value.items;
}

/** Not those that belong to every node, nor those that the node itself runs from a file. */
export function canRunElsewhere({ metadata, status }: Kept): boolean {
  const mirror = metadata.annotations?.["kubernetes.io/config.mirror"] !== undefined;
  const daemon = metadata.ownerReferences?.some(({ kind }) => kind === "DaemonSet") ?? false;
  return !mirror && !daemon && status.phase !== "Succeeded" && status.phase !== "Failed";
}

async function evict(api: Api, { metadata: { name, namespace } }: Pod, signal: AbortSignal): Promise<void> {
  await api.request({
    method: "POST",
    path: `/api/v1/namespaces/${namespace}/pods/${name}/eviction`,
    contentType: "application/json",
    body: JSON.stringify({ apiVersion: "policy/v1", kind: "Eviction", metadata: { name, namespace } }),
    signal,
  });
}

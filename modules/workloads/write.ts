// How objects are written into a cluster: tried again as long as the answer may still change.
import { setTimeout as delay } from "node:timers/promises";
import { type Api, ApiError, type ApiReply, mayPass, reason } from "../kubernetes/index.ts";
import { type Kind, objectPath } from "./kinds.ts";
import type { Fields, KubeObject } from "./objects.ts";

export const fieldManager = "landfall-migrate";

export interface Patience {
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds. Default: the process' monotonic clock. */
  readonly now?: (() => number) | undefined;
  readonly sleep?: ((milliseconds: number) => Promise<void>) | undefined;
}

const intervalMs = 250;

export function clockOf({ now = () => performance.now() }: Patience): number {
  return now();
}

export async function pause({ sleep, signal }: Patience, milliseconds = intervalMs): Promise<void> {
  const wait = sleep ?? ((time) => delay(time, undefined, signal && { signal }));
  await wait(milliseconds).catch(() => signal?.throwIfAborted());
}

/** Applies an object as its owner; what others own besides stays. Resolves to what is there then. */
export async function applyObject(
  api: Api,
  kind: Kind,
  manifest: KubeObject,
  options: { readonly dryRun?: boolean; readonly signal?: AbortSignal | undefined } = {},
): Promise<KubeObject> {
  const query = new URLSearchParams({
    fieldManager,
    force: "true",
    // A field that green's API does not have would be dropped without a word.
    fieldValidation: "Strict",
    ...(options.dryRun && { dryRun: "All" }),
  });
  const reply = await api.request({
    method: "PATCH",
    path: `${objectPath(kind, manifest)}?${query}`,
    contentType: "application/apply-patch+yaml",
    body: JSON.stringify(manifest),
    timeoutMs: 20_000,
    // A write that is under way is waited for: cut off, an API server may leave a node port allocated to nobody.
    signal: options.dryRun ? options.signal : undefined,
  });
  return bodyOf(reply, `apply ${kind.kind}`);
}

export async function patchObject(
  api: Api,
  kind: Kind,
  object: KubeObject,
  patch: Fields,
): Promise<KubeObject> {
  const reply = await api.request({
    method: "PATCH",
    path: `${objectPath(kind, object)}?fieldManager=${fieldManager}`,
    contentType: "application/merge-patch+json",
    body: JSON.stringify(patch),
    timeoutMs: 20_000,
  });
  return bodyOf(reply, `patch ${kind.kind}`);
}

/** Undefined: it is not there. */
export async function getObject(
  api: Api,
  kind: Kind,
  object: KubeObject,
  signal?: AbortSignal,
): Promise<KubeObject | undefined> {
  const reply = await api.request({ path: objectPath(kind, object), timeoutMs: 20_000, signal });
  return reply.status === 404 ? undefined : bodyOf(reply, `get ${kind.kind}`);
}

export async function deleteObject(api: Api, kind: Kind, object: KubeObject): Promise<void> {
  const reply = await api.request({
    method: "DELETE",
    path: objectPath(kind, object),
    timeoutMs: 20_000,
  });
  if (reply.status !== 404) bodyOf(reply, `delete ${kind.kind}`);
}

function bodyOf(reply: ApiReply, what: string): KubeObject {
  if (reply.status < 200 || reply.status > 299) throw new ApiError(what, reply);
  return JSON.parse(reply.body) as KubeObject;
}

/** Runs it again until it succeeds, until the answer will not change any more, or until time is up. */
export async function persist<T>(
  patience: Patience,
  deadline: number,
  run: () => Promise<T>,
  onWait: (evidence: string) => void = () => {},
): Promise<T> {
  let said = "";
  for (;;) {
    patience.signal?.throwIfAborted();
    try {
      return await run();
    } catch (error) {
      patience.signal?.throwIfAborted();
      if (!mayPass(error) || clockOf(patience) > deadline) throw error;
      const evidence = reason(error);
      if (evidence !== said) onWait(evidence);
      said = evidence;
      await pause(patience);
    }
  }
}

// Add-ons reach the cluster by server-side apply, and only by it: applying again changes nothing, what was deleted comes
// back, what was changed by others is set right. No master does this; whoever deploys does, as soon as one API answers.
import { setTimeout as delay } from "node:timers/promises";
import { LandfallError } from "../spec/index.ts";
import { type Api, ApiError, type ApiReply, getJson, reason, statusMessage } from "./api.ts";

export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
}

export interface ApplyOptions {
  readonly client: Api;
  readonly manifests: readonly object[];
  /** Owner of the fields. Default: landfall. */
  readonly fieldManager?: string;
  /** Until all is applied. Default: 600 s. */
  readonly timeoutSeconds?: number;
  /** Between attempts. Default: 150 ms. */
  readonly intervalMs?: number;
  readonly signal?: AbortSignal | undefined;
  /** A line for people, whenever what is waited for changes. */
  readonly onProgress?: (line: string) => void;
  /** Milliseconds. Default: the process' monotonic clock. */
  readonly now?: () => number;
  readonly sleep?: (milliseconds: number) => Promise<void>;
}

export interface Applied {
  /** As `DaemonSet kube-system/kube-proxy`. */
  readonly object: string;
  /** Whether it was not there before. */
  readonly created: boolean;
  /** Stays the same when applying changed nothing. */
  readonly resourceVersion: string;
}

/**
 * Applies the manifests: namespaces and definitions first, then what workloads need, then the rest; within each wave in
 * parallel. Each is tried again while the API is away, overloaded, or does not know its kind or namespace yet.
 * @returns in the order given.
 * @throws LandfallError `manifest-invalid` (a manifest is no object of Kubernetes), `apply-refused` (the API will never
 *   take it) or `apply-timeout`.
 */
export async function applyManifests(options: ApplyOptions): Promise<readonly Applied[]> {
  const manifests = options.manifests.map(asManifest);
  const attempt = retrying(options);
  const resources = resourceFinder(options.client, options.signal);
  const results = new Map<Manifest, Applied>();

  for (const wave of waves(manifests)) {
    await Promise.all(
      wave.map(async (manifest) => {
        results.set(
          manifest,
          await attempt(describe(manifest), () => applyOne(options, manifest, resources)),
        );
      }),
    );
  }
  return manifests.map((manifest) => results.get(manifest)).filter((applied) => applied !== undefined);
}

async function applyOne(
  options: ApplyOptions,
  manifest: Manifest,
  resources: ResourceFinder,
): Promise<Applied> {
  const path = objectPath(manifest, await resources(manifest));
  const query = new URLSearchParams({
    fieldManager: options.fieldManager ?? "landfall",
    force: "true",
    // A misspelt field is an error, where the default drops it and warns nobody.
    fieldValidation: "Strict",
  });
  const reply = await options.client.request({
    method: "PATCH",
    path: `${path}?${query}`,
    contentType: "application/apply-patch+yaml",
    body: JSON.stringify(manifest),
    timeoutMs: 10_000,
    signal: options.signal,
  });
  if (reply.status !== 200 && reply.status !== 201) throw new ApiError("apply", reply);
  const { metadata } = JSON.parse(reply.body) as { metadata?: { resourceVersion?: string } };
  return {
    object: describe(manifest),
    created: reply.status === 201,
    resourceVersion: metadata?.resourceVersion ?? "",
  };
}

interface Resource {
  readonly plural: string;
  readonly namespaced: boolean;
}
type ResourceFinder = (manifest: Manifest) => Promise<Resource>;

/** Asks the API itself which path a kind has, once a group: no table to keep, and custom kinds work alike. */
function resourceFinder(client: Api, signal: AbortSignal | undefined): ResourceFinder {
  const groups = new Map<string, Promise<ReadonlyMap<string, Resource>>>();

  async function discover(apiVersion: string): Promise<ReadonlyMap<string, Resource>> {
    const { value } = await getJson<{
      resources?: readonly { name: string; kind: string; namespaced: boolean }[];
    }>(client, groupPath(apiVersion), { signal });
    const own = (value.resources ?? []).filter((resource) => !resource.name.includes("/"));
    return new Map(own.map(({ kind, name, namespaced }) => [kind, { plural: name, namespaced }]));
  }

  return async ({ apiVersion, kind }) => {
    let group = groups.get(apiVersion);
    if (!group) {
      group = discover(apiVersion);
      groups.set(apiVersion, group);
    }
    // A group that could not be read, or that lacks the kind so far, is asked for anew at the next attempt.
    const resource = await group.then(
      (kinds) => kinds.get(kind),
      (error: unknown) => {
        groups.delete(apiVersion);
        throw error;
      },
    );
    if (!resource) {
      groups.delete(apiVersion);
      throw new UnknownKind(`the API knows no ${kind} in ${apiVersion}`);
    }
    return resource;
  };
}

class UnknownKind extends Error {}

function groupPath(apiVersion: string): string {
  return apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
}

function objectPath(manifest: Manifest, { plural, namespaced }: Resource): string {
  const { name, namespace = "default" } = manifest.metadata;
  const scope = namespaced ? `/namespaces/${encodeURIComponent(namespace)}` : "";
  return `${groupPath(manifest.apiVersion)}${scope}/${plural}/${encodeURIComponent(name)}`;
}

const frame = new Set(["Namespace", "CustomResourceDefinition"]);
const needs = new Set([
  ...["ServiceAccount", "ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding"],
  ...["ConfigMap", "Secret", "PriorityClass", "RuntimeClass"],
]);

/**
 * Pods that start before their rights or settings are there fail, and back off for longer than the wait would be. The
 * rest comes last at once: workloads do not wait for Services, whose addresses a young API takes seconds to allocate.
 */
function waves(manifests: readonly Manifest[]): readonly (readonly Manifest[])[] {
  const wave = ({ kind }: Manifest) => (frame.has(kind) ? 0 : needs.has(kind) ? 1 : 2);
  return [0, 1, 2].map((number) => manifests.filter((manifest) => wave(manifest) === number));
}

type Attempt = <T>(what: string, run: () => Promise<T>) => Promise<T>;

function retrying(options: ApplyOptions): Attempt {
  const { timeoutSeconds = 600, intervalMs = 150, signal, onProgress = () => {} } = options;
  const now = options.now ?? (() => performance.now());
  const sleep = options.sleep ?? ((milliseconds) => delay(milliseconds, undefined, signal && { signal }));
  const deadline = now() + timeoutSeconds * 1000;

  return async (what, run) => {
    let said = "";
    let mayBeUnderWay = false;
    for (;;) {
      signal?.throwIfAborted();
      try {
        return await run();
      } catch (error) {
        signal?.throwIfAborted();
        const evidence = reason(error);
        if (!mayPass(error) && !(mayBeUnderWay && isAllocated(error))) {
          throw new LandfallError("apply-refused", `the API refuses ${what}: ${evidence}`, {
            found: evidence,
            next: "Correct the manifest; applying again will not help.",
            cause: error,
          });
        }
        if (now() + intervalMs > deadline) {
          throw new LandfallError(
            "apply-timeout",
            `${what} could not be applied within ${timeoutSeconds} s`,
            {
              found: evidence,
              expected: `an API at ${options.client.servers.join(" or ")} that takes it`,
              next: "See `landfall status` for the masters, then deploy again: what is applied already stays as it is.",
              cause: error,
            },
          );
        }
        mayBeUnderWay ||= !(error instanceof ApiError) || error.status >= 500;
        if (evidence !== said) onProgress(`${what}: ${evidence}`);
        said = evidence;
        await sleep(intervalMs).catch(() => signal?.throwIfAborted());
      }
    }
  };
}

/** Whether the same request may be answered otherwise later. No answer at all counts too. */
export function mayPass(error: unknown): boolean {
  if (!(error instanceof ApiError)) return true;
  const { status, reply } = error;
  // How the API words a misspelt field: as an error of its own (500), though it will say the same for ever.
  if (status === 500 && statusMessage(reply.body).includes("failed to create typed patch object"))
    return false;
  return status === 404 || status === 409 || status === 429 || status >= 500 || notYet(reply);
}

/**
 * A Service's own address or port, which an attempt of ours that got no answer has taken: that attempt is still under way,
 * or the API's repair gives it back after minutes.
 */
function isAllocated(error: unknown): boolean {
  if (!(error instanceof ApiError)) return false;
  const { status, body } = error.reply;
  return status === 422 && /provided (IP|port) is already allocated/.test(statusMessage(body));
}

/** Refusals that a young or busy API takes back by itself. */
function notYet({ status, body }: ApiReply): boolean {
  const message = statusMessage(body);
  // The namespace is still being deleted.
  if (status === 403) return message.includes("because it is being terminated");
  // The first seconds of an apiserver: it has not read its own Service range yet.
  return (
    status === 422 && /failed to allocate IP .*(does not match the current range|not ready)/.test(message)
  );
}

function asManifest(value: object): Manifest {
  const { apiVersion, kind, metadata } = value as Partial<Manifest>;
  if (typeof apiVersion !== "string" || typeof kind !== "string" || typeof metadata?.name !== "string") {
    throw new LandfallError("manifest-invalid", "a manifest is no Kubernetes object", {
      found: JSON.stringify(value).slice(0, 200),
      expected: "apiVersion, kind and metadata.name",
    });
  }
  return value as Manifest;
}

function describe({ kind, metadata }: Manifest): string {
  return `${kind} ${metadata.namespace === undefined ? "" : `${metadata.namespace}/`}${metadata.name}`;
}

// What an API serves, by discovery: no table of kinds to keep, and custom ones work alike.
import { type Api, getJson } from "../kubernetes/index.ts";
import { type KubeObject, kindId, textAt } from "./objects.ts";

export interface Kind {
  /** As `Deployment.apps`. */
  readonly id: string;
  /** "" for the core group. */
  readonly group: string;
  readonly kind: string;
  readonly plural: string;
  readonly namespaced: boolean;
  /** Whether its objects can be listed, and written: metrics and reviews cannot. */
  readonly copyable: boolean;
  /** Those that serve it, the API's preferred one first, as `v1`. */
  readonly versions: readonly string[];
}

export interface Kinds {
  readonly byId: ReadonlyMap<string, Kind>;
  /** Groups behind an API server of their own. What they serve is no object of this cluster's etcd. */
  readonly aggregated: readonly string[];
}

export interface ReadOptions {
  readonly signal?: AbortSignal | undefined;
}

interface Group {
  readonly name: string;
  readonly versions: readonly { readonly version: string }[];
  readonly preferredVersion?: { readonly version: string };
}

interface Resource {
  readonly name: string;
  readonly kind: string;
  readonly namespaced: boolean;
  readonly verbs: readonly string[];
}

export async function discoverKinds(api: Api, options: ReadOptions = {}): Promise<Kinds> {
  const [{ value: groups }, services] = await Promise.all([
    getJson<{ groups?: readonly Group[] }>(api, "/apis", options),
    readList(api, "/apis/apiregistration.k8s.io/v1/apiservices", options),
  ]);
  const aggregated = new Set(
    services
      .filter((service) => textAt(service, "spec", "service", "name") !== undefined)
      .map((service) => textAt(service, "spec", "group") ?? ""),
  );
  const core = { name: "", versions: [{ version: "v1" }] };
  const own = [core, ...(groups.groups ?? []).filter(({ name }) => !aggregated.has(name))];
  const kinds = await Promise.all(own.map((group) => kindsOf(api, group, options)));
  return {
    byId: new Map(kinds.flat().map((kind) => [kind.id, kind])),
    aggregated: [...aggregated].sort(),
  };
}

async function kindsOf(api: Api, group: Group, options: ReadOptions): Promise<Kind[]> {
  const preferred = group.preferredVersion?.version;
  const versions = group.versions.map(({ version }) => version);
  const ordered = [...versions].sort((a, b) => Number(b === preferred) - Number(a === preferred));
  const found = new Map<string, Kind>();
  for (const version of ordered) {
    const apiVersion = group.name === "" ? version : `${group.name}/${version}`;
    const { value } = await getJson<{ resources?: readonly Resource[] }>(api, groupPath(apiVersion), options);
    for (const resource of value.resources ?? []) {
      if (resource.name.includes("/")) continue;
      const known = found.get(resource.kind);
      found.set(resource.kind, {
        id: kindId(apiVersion, resource.kind),
        group: group.name,
        kind: resource.kind,
        plural: resource.name,
        namespaced: resource.namespaced,
        copyable: known?.copyable || ["list", "patch"].every((verb) => resource.verbs.includes(verb)),
        versions: [...(known?.versions ?? []), version],
      });
    }
  }
  return [...found.values()];
}

export function apiVersionOf({ group }: Pick<Kind, "group">, version: string): string {
  return group === "" ? version : `${group}/${version}`;
}

function groupPath(apiVersion: string): string {
  return apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
}

/** Where an object lies. */
export function objectPath(kind: Kind, { apiVersion, metadata }: KubeObject): string {
  const { name, namespace = "default" } = metadata;
  const scope = kind.namespaced ? `/namespaces/${encodeURIComponent(namespace)}` : "";
  return `${groupPath(apiVersion)}${scope}/${kind.plural}/${encodeURIComponent(name)}`;
}

/** All objects of a kind, as the given version has them. */
export async function listObjects(
  api: Api,
  kind: Kind,
  version: string,
  options: ReadOptions = {},
): Promise<KubeObject[]> {
  const apiVersion = apiVersionOf(kind, version);
  const items = await readList(api, `${groupPath(apiVersion)}/${kind.plural}`, options);
  // The items of built-in lists do not say what they are.
  return items.map((item) => ({ ...item, apiVersion, kind: kind.kind }));
}

/** In pages: a cluster's secrets and configuration are many megabytes. */
async function readList(api: Api, path: string, { signal }: ReadOptions): Promise<KubeObject[]> {
  const items: KubeObject[] = [];
  let next = "";
  do {
    const query = new URLSearchParams({ limit: "250", ...(next !== "" && { continue: next }) });
    const { value } = await getJson<{
      items?: readonly KubeObject[];
      metadata?: { readonly continue?: string };
    }>(api, `${path}?${query}`, { timeoutMs: 30_000, signal });
    items.push(...(value.items ?? []));
    next = value.metadata?.continue ?? "";
  } while (next !== "");
  return items;
}

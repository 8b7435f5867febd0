// Kubernetes objects as they come from any API: of most of their fields nothing is known here.

/** A map of which nothing is known but that it is one. */
export type Fields = Readonly<Record<string, unknown>>;

export interface OwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller?: boolean;
  readonly blockOwnerDeletion?: boolean;
}

export interface ManagedFields {
  readonly manager?: string;
  readonly subresource?: string;
  readonly fieldsV1?: Fields;
}

export interface Metadata extends Fields {
  readonly name: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly deletionTimestamp?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly finalizers?: readonly string[];
  readonly ownerReferences?: readonly OwnerReference[];
  readonly managedFields?: readonly ManagedFields[];
}

export interface KubeObject extends Fields {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: Metadata;
}

/** As `Deployment shop/web`: how people are told of it. */
export function nameOf({ kind, metadata }: KubeObject): string {
  return `${kind} ${metadata.namespace === undefined ? "" : `${metadata.namespace}/`}${metadata.name}`;
}

/** "" for the core group. */
export function groupOf(apiVersion: string): string {
  return apiVersion.includes("/") ? apiVersion.slice(0, apiVersion.indexOf("/")) : "";
}

/** `Deployment.apps`, and `ConfigMap` of the core group: what a kind is called whatever its version. */
export function kindId(apiVersion: string, kind: string): string {
  const group = groupOf(apiVersion);
  return group === "" ? kind : `${kind}.${group}`;
}

export function kindOf({ apiVersion, kind }: KubeObject): string {
  return kindId(apiVersion, kind);
}

/** The same for an object in each cluster and in every version of the API. */
export function idOf({ apiVersion, kind, metadata }: KubeObject): string {
  return `${kindId(apiVersion, kind)} ${metadata.namespace ?? ""}/${metadata.name}`;
}

export function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** {} for what is no map. */
export function fieldsOf(value: unknown): Fields {
  return isFields(value) ? value : {};
}

/** [] for what is no list. */
export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** What lies at the path, or undefined. */
export function at(value: unknown, ...path: readonly string[]): unknown {
  return path.reduce<unknown>((inner, key) => fieldsOf(inner)[key], value);
}

export function textAt(value: unknown, ...path: readonly string[]): string | undefined {
  const found = at(value, ...path);
  return typeof found === "string" ? found : undefined;
}

export function numberAt(value: unknown, ...path: readonly string[]): number | undefined {
  const found = at(value, ...path);
  return typeof found === "number" ? found : undefined;
}

export function omit<T extends Fields>(fields: T, names: readonly string[]): T {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => !names.includes(name))) as T;
}

/** A copy in which what lies at the path is changed. Where nothing lies nothing is made; undefined takes it out. */
export function changed<T>(value: T, path: readonly string[], change: (found: unknown) => unknown): T {
  const [first, ...rest] = path;
  if (first === undefined) return change(value) as T;
  if (!isFields(value) || !(first in value)) return value;
  const inner = changed(value[first], rest, change);
  return inner === undefined ? omit(value, [first]) : { ...value, [first]: inner };
}

export function without<T>(value: T, ...path: readonly string[]): T {
  return changed(value, path, () => undefined);
}

/** A copy with a value at the path; the maps on the way are made. */
export function withValue<T extends Fields>(fields: T, path: readonly string[], value: unknown): T {
  const [first, ...rest] = path;
  if (first === undefined) return fields;
  return { ...fields, [first]: rest.length === 0 ? value : withValue(fieldsOf(fields[first]), rest, value) };
}

// What is read of both clusters before anything is planned.
import type { Api } from "../kubernetes/index.ts";
import { discoverKinds, type Kind, type Kinds, listObjects } from "./kinds.ts";
import { leftOutKinds } from "./left-out.ts";
import { idOf, type KubeObject, kindOf } from "./objects.ts";
import { type CopyRules, ruleMatches } from "./selection.ts";
import { definedKinds, sharedVersion } from "./versions.ts";

/** A kind of blue's, and the version in which its objects travel. */
export interface Route {
  readonly kind: Kind;
  /** Undefined: green serves none that blue serves. */
  readonly version: string | undefined;
  /** Whether it comes from a definition of blue's. */
  readonly custom: boolean;
}

export interface Views {
  readonly blue: { readonly kinds: Kinds; readonly objects: readonly KubeObject[] };
  readonly green: { readonly kinds: Kinds; readonly objects: readonly KubeObject[] };
  /** By id of the kind. */
  readonly routes: ReadonlyMap<string, Route>;
}

export interface ViewOptions {
  readonly from: Api;
  readonly to: Api;
  readonly rules: CopyRules;
  readonly signal?: AbortSignal | undefined;
}

const definitionKind = "CustomResourceDefinition.apiextensions.k8s.io";

/** Reads all objects of all kinds of both clusters that could be copied, each in the version in which it travels. */
export async function readViews({ from, to, rules, signal }: ViewOptions): Promise<Views> {
  const read = { signal };
  const [blue, green] = await Promise.all([discoverKinds(from, read), discoverKinds(to, read)]);
  const definitions = await readKind(from, blue.byId.get(definitionKind), read);
  const defined = definedKinds(definitions);
  const copied = definedKinds(
    definitions.filter((each) => !(rules.exclude ?? []).some((rule) => ruleMatches(rule, each))),
  );
  const routes = new Map<string, Route>();
  for (const kind of blue.byId.values()) {
    if (!kind.copyable || leftOutKinds.has(kind.id)) continue;
    // A definition that is copied has green serve what blue does.
    const version = copied.has(kind.id) ? kind.versions[0] : sharedVersion(kind, green.byId.get(kind.id));
    routes.set(kind.id, { kind, version, custom: defined.has(kind.id) });
  }
  const listed = await Promise.all(
    [...routes.values()].map(async ({ kind, version }) => {
      const there = green.byId.get(kind.id);
      const isServed = there !== undefined && version !== undefined && there.versions.includes(version);
      return {
        blue: await listObjects(from, kind, version ?? kind.versions[0]!, read),
        green: isServed ? await listObjects(to, there, version, read) : [],
      };
    }),
  );
  return {
    blue: { kinds: blue, objects: listed.flatMap((each) => each.blue) },
    green: { kinds: green, objects: listed.flatMap((each) => each.green) },
    routes,
  };
}

async function readKind(
  api: Api,
  kind: Kind | undefined,
  read: { readonly signal: AbortSignal | undefined },
): Promise<KubeObject[]> {
  return kind === undefined ? [] : listObjects(api, kind, kind.versions[0]!, read);
}

export function routeOf(views: Views, object: KubeObject): Route | undefined {
  return views.routes.get(kindOf(object));
}

export function greenById(views: Views): ReadonlyMap<string, KubeObject> {
  return new Map(views.green.objects.map((object) => [idOf(object), object]));
}

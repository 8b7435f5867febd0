// In which version of its API an object travels. Blue's API server converts: an object is the same in each version.
import type { Kind } from "./kinds.ts";
import { at, type KubeObject, listOf, textAt } from "./objects.ts";

/** The version that both serve, green's preferred one first; undefined if there is none. */
export function sharedVersion(blue: Kind, green: Pick<Kind, "versions"> | undefined): string | undefined {
  return green?.versions.find((version) => blue.versions.includes(version));
}

/** Ids of the kinds that definitions define, as `Widget.example.org`: copied before their objects, green will serve them. */
export function definedKinds(definitions: readonly KubeObject[]): ReadonlySet<string> {
  return new Set(
    definitions.map(
      (definition) =>
        `${textAt(definition, "spec", "names", "kind")}.${textAt(definition, "spec", "group") ?? ""}`,
    ),
  );
}

/** Id of the definition that defines the kind. */
export function definitionName(kind: Pick<Kind, "plural" | "group">): string {
  return `${kind.plural}.${kind.group}`;
}

export function isEstablished(definition: unknown): boolean {
  return listOf(at(definition, "status", "conditions")).some(
    (condition) => textAt(condition, "type") === "Established" && textAt(condition, "status") === "True",
  );
}

// Which objects the person wants copied.
import type { WorkloadsSpec } from "../spec/index.ts";
import { groupOf, type KubeObject } from "./objects.ts";

export type CopyRules = NonNullable<WorkloadsSpec["copy"]>;
export type CopyRule = NonNullable<CopyRules["include"]>[number];

/** Why the rules leave an object out; undefined if they do not. `exclude` wins. */
export function whyNotSelected(object: KubeObject, { include, exclude = [] }: CopyRules): string | undefined {
  const hit = exclude.findIndex((rule) => ruleMatches(rule, object));
  if (hit >= 0) return `is excluded by copy.exclude[${hit}]`;
  if (include === undefined || include.some((rule) => ruleMatches(rule, object))) return undefined;
  return "is not in copy.include";
}

/** All that the rule says must hold. A namespace's rule holds for the Namespace itself too. */
export function ruleMatches(rule: CopyRule, { apiVersion, kind, metadata }: KubeObject): boolean {
  const namespace =
    kind === "Namespace" && groupOf(apiVersion) === "" ? metadata.name : (metadata.namespace ?? "");
  return (
    (rule.namespace === undefined || glob(rule.namespace, namespace)) &&
    (rule.kind === undefined || [kind, `${kind}.${groupOf(apiVersion)}`].includes(rule.kind)) &&
    (rule.name === undefined || glob(rule.name, metadata.name)) &&
    Object.entries(rule.labels ?? {}).every(([key, value]) => metadata.labels?.[key] === value)
  );
}

/** `*` stands for any text. */
export function glob(pattern: string, text: string): boolean {
  const parts = pattern.split("*").map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}$`, "s").test(text);
}

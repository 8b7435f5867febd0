// What a group and a request say together: the data of templates, and the lines of /metadata.
import type { Group } from "../catalog/index.ts";
import { formatNumber, isObject, type Json, type JsonObject } from "../go/json.ts";
import { lower, textOf, upper } from "../go/text.ts";
import type { Labels } from "../selection/index.ts";

/** What a group alone gives: its metadata, and over it its selector in lower case. */
export function groupVariables({ metadata, selector }: Group): JsonObject {
  const entries = [
    ...Object.entries(metadata ?? {}),
    ...[...selector].map(([key, value]) => [lower(key), value] as const),
  ];
  return Object.fromEntries(entries.filter(([key]) => key !== "request"));
}

export function requestVariables(labels: Labels, rawQuery: string) {
  return { query: labels, raw_query: textOf(Buffer.from(rawQuery, "latin1")) };
}

/**
 * `KEY=value` lines, by key; nested keys joined with `_`. Lists and nulls have no line. Matchbox's own order is another
 * one at each request.
 */
export function environmentLines(variables: JsonObject, prefix = ""): string {
  let lines = "";
  for (const key of Object.keys(variables).sort()) lines += lineOf(prefix + key, variables[key]!);
  return lines;
}

function lineOf(name: string, value: Json): string {
  if (isObject(value)) return environmentLines(value, `${name}_`);
  if (typeof value === "number") return `${upper(name)}=${formatNumber(value)}\n`;
  if (typeof value === "string" || typeof value === "boolean") return `${upper(name)}=${value}\n`;
  return "";
}

// The reference pages of site.yaml and of cluster files: Markdown tables of every key.
import { type JsonSchema, jsonSchema, type Kind } from "./json-schema.ts";

const intros: Readonly<Record<Kind, string>> = {
  site: "What stands in a rack and how it is reached: `clusters/site.yaml`, or any file that a cluster's `site` names. Paths in it are relative to it.",
  cluster: "One version of one cluster: `clusters/NAME-VERSION.yaml`.",
};

/** The whole page, ending with a newline. */
export function referencePage(kind: Kind): string {
  const lines = [
    `# ${kind === "site" ? "Site" : "Cluster"} files`,
    "",
    "<!-- Written by `node modules/spec/generate.ts` from modules/spec/schema.ts; edit that. -->",
    "",
    intros[kind],
    "",
    "A key that is not here is an error, and so is whatever breaks a rule: all of them are shown at once, each with its place in the file, before anything is touched.",
  ];
  // What several kinds of map have in common is shown once.
  const shown = new Set<string>();
  for (const section of sections("", jsonSchema(kind))) {
    const text = section.join("\n");
    if (!shown.has(text)) lines.push("", text);
    shown.add(text);
  }
  return `${lines.join("\n")}\n`;
}

/** One table for each map, depth first. */
function sections(path: string, schema: JsonSchema, kind?: string): string[][] {
  const rows = Object.entries(schema.properties ?? {}).map(([key, value]) => row(schema, key, value));
  const title = path === "" ? [] : [`## \`${path}\`${kind === undefined ? "" : `, ${kind}`}`, ""];
  const about = path === "" || schema.description === undefined ? [] : [schema.description, ""];
  const table = ["| Key | Type | Default | |", "| --- | --- | --- | --- |", ...rows];
  const inner = Object.entries(schema.properties ?? {}).flatMap(([key, value]) => {
    const below = path === "" ? key : `${path}.${key}`;
    if (value.oneOf !== undefined) return kinds(below, value.oneOf);
    if (value.properties !== undefined) return sections(below, value);
    if (value.items?.properties !== undefined) return sections(`${below}[]`, value.items);
    return [];
  });
  return [[...title, ...about, ...table], ...inner];
}

/** A table for each of several kinds of map, called by the value that tells them apart. */
function kinds(path: string, options: readonly JsonSchema[]): string[][] {
  return options.flatMap((option) => {
    const [key, value] =
      Object.entries(option.properties ?? {}).find(([, each]) => each.const !== undefined) ?? [];
    return sections(path, option, `${key}: ${value?.const}`);
  });
}

function row(parent: JsonSchema, key: string, value: JsonSchema): string {
  const required = parent.required?.includes(key) ?? false;
  const standard = value.default === undefined ? "" : `\`${defaultText(value)}\``;
  const cells = [
    `\`${key}\``,
    typeText(value),
    required ? "required" : standard,
    escaped(value.description ?? ""),
  ];
  return `| ${cells.join(" | ")} |`;
}

/** A bar ends a cell. */
function escaped(text: string): string {
  return text.replaceAll("|", "\\|");
}

function defaultText({ default: value, maximum }: JsonSchema): string {
  // Permissions are read in octal.
  return typeof value === "number" && maximum === 0o7777 ? `0o${value.toString(8)}` : String(value);
}

function typeText(schema: JsonSchema): string {
  if (schema.const !== undefined) return `\`${schema.const}\``;
  if (schema.oneOf !== undefined) return "map";
  if (schema.enum !== undefined) return schema.enum.map((value) => `\`${value}\``).join(", ");
  if (schema.anyOf !== undefined) {
    if (schema.anyOf.some(({ type }) => type === "integer")) return schema.anyOf.map(typeText).join(", or ");
    return schema.anyOf.some(({ format }) => format?.startsWith("cidr"))
      ? "range of addresses"
      : "IP address";
  }
  switch (schema.type) {
    case "array":
      return `list of ${schema.items === undefined ? "anything" : plural(schema.items)}`;
    case "object":
      return schema.properties === undefined ? "map of text to text" : "map";
    case "integer":
      return numberText(schema);
    case "number":
      return `number, ${schema.minimum} to ${schema.maximum}`;
    case "boolean":
      return "`true`, `false`";
    default:
      return schema.format === "uri" ? "URL" : "text";
  }
}

function plural(items: JsonSchema): string {
  const one = typeText(items);
  if (one === "map") return "maps";
  return one === "IP address" ? "IP addresses" : one;
}

function numberText({ minimum, maximum }: JsonSchema): string {
  const bounded = maximum !== undefined && maximum < Number.MAX_SAFE_INTEGER;
  if (maximum === 0o7777) return "whole number, 0 to 0o7777";
  return bounded ? `whole number, ${minimum} to ${maximum}` : `whole number from ${minimum}`;
}

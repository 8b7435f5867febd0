import { readFileSync, writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { follow, type Schema, typeOf } from "./schema.ts";

/** The versions of the spec that get types. */
export const typedVersions = ["3.3.0", "3.4.0"] as const;

/** Names that would say too little, or shadow a global, taken as they are from the schema. */
const renamed: Readonly<Record<string, string>> = { HTTPHeadersItem: "HTTPHeader" };

/** What the spec says of each place in a config: `storage.files.mode`. */
export type Docs = ReadonlyMap<string, string>;

/**
 * TypeScript for one version of the spec. A definition becomes an interface named after it, an object written in
 * place one named after its parent and its key (`NodeUser`). Keys keep the order of the schema; `null` is left out of
 * every type, since Ignition treats it as absent. What is used in several places is described as in the first.
 */
export function typesFrom(version: string, schema: Schema, docs: Docs): string {
  const declared = new Map<string, string>();

  function named(name: string, object: Schema, path: string): string {
    const type = renamed[name] ?? name;
    if (!declared.has(type)) {
      declared.set(type, ""); // holds its place in the order of first mention
      declared.set(type, interfaceOf(type, object, path));
    }
    return type;
  }

  function interfaceOf(name: string, object: Schema, path: string): string {
    const parents: string[] = [];
    let own = object;
    for (const part of object.allOf ?? []) {
      if (part.$ref === undefined) own = part;
      else parents.push(typeAt(name, part, path));
    }
    const fields = Object.entries(own.properties ?? {}).map(([key, value]) => {
      const place = path === "" ? key : `${path}.${key}`;
      const type = typeAt(name + pascal(key), value, place);
      const field =
        place === "ignition.version"
          ? `  readonly version: "${version}";\n`
          : own.required?.includes(key)
            ? `  readonly ${key}: ${type};\n`
            : `  readonly ${key}?: ${type} | undefined;\n`;
      return comment(name, docs.get(place)) + field;
    });
    const parent = parents.length > 0 ? ` extends ${parents.join(", ")}` : "";
    return `export interface ${name}${parent} {\n${fields.join("")}}\n`;
  }

  function typeAt(name: string, value: Schema, path: string): string {
    if (value.$ref !== undefined) {
      return typeAt(pascal(value.$ref.split("/").at(-1)!), follow(schema, value.$ref), path);
    }
    const type = typeOf(value);
    if (type === "integer") return "number";
    if (type === "array") return `readonly ${typeAt(`${name}Item`, value.items!, path)}[]`;
    if (type === "object") return named(name, value, path);
    return type;
  }

  named("Config", schema, "");
  const origin = `ignition/schema/${version}.json and .md`;
  return [`// Written by ignition/schema/types.ts from ${origin}: do not edit.\n`, ...declared.values()].join(
    "\n",
  );
}

/** A doc comment of lines of at most 110 columns. */
function comment(type: string, text: string | undefined): string {
  if (text === undefined) return "";
  // First mentioned as another config to merge, but used for all that is fetched.
  const shared = ["Resource", "Verification", "HTTPHeader"].includes(type);
  const words = (shared ? text.replaceAll("the config", "the resource") : text).split(" ");
  const lines = [""];
  for (const word of words) {
    if (lines.at(-1)!.length + word.length > 101) lines.push("");
    lines.push(`${lines.pop()} ${word}`.trim());
  }
  if (lines.length === 1) return `  /** ${lines[0]} */\n`;
  return `  /**\n${lines.map((line) => `   * ${line}\n`).join("")}   */\n`;
}

/** The descriptions in the spec's own page: a list within lists, an entry a line. */
export function docsFrom(page: string): Docs {
  const docs = new Map<string, string>();
  const path: string[] = [];
  for (const line of page.split("\n")) {
    const [, indent, key, text] = /^( *)\* \*\*_?(\w+?)_?\*\* \([^)]*\): (.*)$/.exec(line) ?? [];
    if (indent === undefined) continue;
    path.splice(indent.length / 2, path.length, key!);
    docs.set(path.join("."), text!.charAt(0).toUpperCase() + text!.slice(1));
  }
  return docs;
}

function pascal(key: string): string {
  return key
    .split("-")
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join("")
    .replace(/^(Http|Https|Tls|Uuid|Guid)(?![a-z])/, (word) => word.toUpperCase());
}

/** The types of a version, from the schema and the page in this folder. */
export function typesOf(version: string): string {
  const read = (kind: string) => readFileSync(new URL(`./${version}.${kind}`, import.meta.url), "utf8");
  return typesFrom(version, JSON.parse(read("json")) as Schema, docsFrom(read("md")));
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  for (const version of typedVersions) {
    writeFileSync(new URL(`../generated/${version}.ts`, import.meta.url), typesOf(version));
  }
}

import { readFileSync, writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { follow, type Schema, typeOf } from "./schema.ts";

/** The versions of the spec that get types. */
export const typedVersions = ["3.3.0", "3.4.0"] as const;

/** Names that would say too little, or shadow a global, taken as they are from the schema. */
const renamed: Readonly<Record<string, string>> = { HTTPHeadersItem: "HTTPHeader" };

/**
 * TypeScript for one version of the spec. A definition becomes an interface named after it, an object written in
 * place one named after its parent and its key (`NodeUser`). Keys keep the order of the schema; `null` is left out of
 * every type, since Ignition treats it as absent.
 */
export function typesFrom(version: string, schema: Schema): string {
  const declared = new Map<string, string>();

  function named(name: string, object: Schema): string {
    const type = renamed[name] ?? name;
    if (!declared.has(type)) {
      declared.set(type, ""); // holds its place in the order of first mention
      declared.set(type, interfaceOf(type, object));
    }
    return type;
  }

  function interfaceOf(name: string, object: Schema): string {
    const parents: string[] = [];
    let own = object;
    for (const part of object.allOf ?? []) {
      if (part.$ref === undefined) own = part;
      else parents.push(typeAt(name, part));
    }
    const fields = Object.entries(own.properties ?? {}).map(([key, value]) => {
      const optional = !own.required?.includes(key);
      const type =
        name === "Ignition" && key === "version" ? `"${version}"` : typeAt(name + pascal(key), value);
      return `  readonly ${key}${optional && key !== "version" ? "?" : ""}: ${type}${
        optional && key !== "version" ? " | undefined" : ""
      };\n`;
    });
    const parent = parents.length > 0 ? ` extends ${parents.join(", ")}` : "";
    return `export interface ${name}${parent} {\n${fields.join("")}}\n`;
  }

  function typeAt(name: string, value: Schema): string {
    if (value.$ref !== undefined) {
      const target = follow(schema, value.$ref);
      return typeAt(pascal(value.$ref.split("/").at(-1)!), target);
    }
    const type = typeOf(value);
    if (type === "integer") return "number";
    if (type === "array") return `readonly ${typeAt(`${name}Item`, value.items!)}[]`;
    if (type === "object") return named(name, value);
    return type;
  }

  named("Config", schema);
  return [
    `// Written by ignition/schema/types.ts from ignition/schema/${version}.json: do not edit.\n`,
    ...declared.values(),
  ].join("\n");
}

function pascal(key: string): string {
  return key
    .split("-")
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join("")
    .replace(/^(Http|Https|Tls|Uuid|Guid)(?![a-z])/, (word) => word.toUpperCase());
}

/** The schema of a version, read from this folder. */
export function readSchema(version: string): Schema {
  return JSON.parse(readFileSync(new URL(`./${version}.json`, import.meta.url), "utf8")) as Schema;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  for (const version of typedVersions) {
    const file = new URL(`../generated/${version}.ts`, import.meta.url);
    writeFileSync(file, typesFrom(version, readSchema(version)));
  }
}

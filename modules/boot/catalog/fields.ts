// JSON into a record as Go's encoding/json fills a struct: names in any case, null for "as it was", other keys ignored.
import { LandfallError } from "../../spec/error.ts";
import { isObject, type Json, type JsonObject } from "../go/json.ts";

/** Values by the struct's own names; those that are missing or null are left out. */
export function fieldsOf(json: Json, what: string, names: readonly string[]): Map<string, Json> {
  const fields = new Map<string, Json>();
  if (json === null) return fields;
  if (!isObject(json)) throw mistyped(what, json, "an object");
  for (const [key, value] of Object.entries(json)) {
    const name = names.includes(key) ? key : names.find((each) => each === key.toLowerCase());
    if (name !== undefined && value !== null) fields.set(name, value);
  }
  return fields;
}

export function stringField(fields: ReadonlyMap<string, Json>, name: string): string {
  const value = fields.get(name) ?? "";
  if (typeof value !== "string") throw mistyped(name, value, "a string");
  return value;
}

export function stringsField(fields: ReadonlyMap<string, Json>, name: string): readonly string[] {
  const value = fields.get(name) ?? [];
  if (!Array.isArray(value)) throw mistyped(name, value, "a list of strings");
  return value.map((each: Json) => {
    if (each === null) return "";
    if (typeof each !== "string") throw mistyped(name, each, "a list of strings");
    return each;
  });
}

export function stringMapField(fields: ReadonlyMap<string, Json>, name: string): Map<string, string> {
  const value = fields.get(name) ?? {};
  if (!isObject(value)) throw mistyped(name, value, "an object of strings");
  return new Map(
    Object.entries(value).map(([key, each]) => {
      if (each === null) return [key, ""];
      if (typeof each !== "string") throw mistyped(`${name}.${key}`, each, "a string");
      return [key, each];
    }),
  );
}

export function objectField(fields: ReadonlyMap<string, Json>, name: string): JsonObject | undefined {
  const value = fields.get(name);
  if (value !== undefined && !isObject(value)) throw mistyped(name, value, "an object");
  return value;
}

function mistyped(name: string, value: Json, expected: string): LandfallError {
  return new LandfallError("document-broken", `${name} is not ${expected}`, {
    found: JSON.stringify(value).slice(0, 80),
    expected,
  });
}

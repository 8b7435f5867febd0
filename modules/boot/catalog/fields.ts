// JSON into a record as Go's encoding/json fills a struct: names in any case, null for "as it was", other keys ignored; and
// its words for what does not fit.
import { LandfallError } from "../../spec/error.ts";
import { isObject, type Json, type JsonObject } from "../go/json.ts";

/** How Go names a place: `RichGroup.id`, or `value` where it is no field. */
export interface Fields {
  readonly struct: string;
  readonly path: string;
  /** By the struct's own names; those that are missing or null are left out. */
  readonly values: ReadonlyMap<string, Json>;
}

/** @param path of the struct itself, as `boot.`; empty for the whole document */
export function fieldsOf(json: Json, struct: string, names: readonly string[], path = ""): Fields {
  const values = new Map<string, Json>();
  if (json !== null && !isObject(json)) throw mistyped(`value of type storagepb.${struct}`, json);
  for (const [key, value] of Object.entries(json ?? {})) {
    const name = names.includes(key) ? key : names.find((each) => each === key.toLowerCase());
    if (name !== undefined && value !== null) values.set(name, value);
  }
  return { struct, path, values };
}

export function stringField(fields: Fields, name: string): string {
  const value = fields.values.get(name) ?? "";
  if (typeof value !== "string") throw mistyped(field(fields, name, "string"), value);
  return value;
}

export function stringsField(fields: Fields, name: string): readonly string[] {
  const value = fields.values.get(name) ?? [];
  if (!Array.isArray(value)) throw mistyped(field(fields, name, "[]string"), value);
  return value.map((each: Json) => {
    if (each === null) return "";
    if (typeof each !== "string") throw mistyped(field(fields, name, "string"), each);
    return each;
  });
}

export function stringMapField(fields: Fields, name: string): Map<string, string> {
  const value = fields.values.get(name) ?? {};
  if (!isObject(value)) throw mistyped(field(fields, name, "map[string]string"), value);
  return new Map(
    Object.entries(value).map(([key, each]) => {
      if (each === null) return [key, ""];
      if (typeof each !== "string") throw mistyped(field(fields, name, "string"), each);
      return [key, each];
    }),
  );
}

/** @param type as Go writes it */
export function objectField(fields: Fields, name: string, type: string): JsonObject | undefined {
  const value = fields.values.get(name);
  if (value !== undefined && !isObject(value)) throw mistyped(field(fields, name, type), value);
  return value;
}

function field({ struct, path }: Fields, name: string, type: string): string {
  return `struct field ${struct}.${path}${name} of type ${type}`;
}

/** @param into as `value of type map[string]interface {}` */
export function mistyped(into: string, value: Json): LandfallError {
  return new LandfallError("document-broken", `json: cannot unmarshal ${kindOf(value)} into Go ${into}`);
}

function kindOf(value: Json): string {
  if (Array.isArray(value)) return "array";
  if (isObject(value)) return "object";
  return typeof value === "boolean" ? "bool" : typeof value;
}

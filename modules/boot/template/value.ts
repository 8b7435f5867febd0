// What templates compute with: JSON as Go's encoding/json reads it into an interface{}, and Go's int.
import { LandfallError } from "../../spec/error.ts";
import { compareBytes } from "../go/text.ts";

/**
 * What templates are filled with: JSON. A Map is a map[string]string, as Matchbox's request.query is one (its missing
 * keys are "" to `index`).
 */
export type Data = string | number | boolean | null | readonly Data[] | Dict | ReadonlyMap<string, string>;
export interface Dict {
  readonly [key: string]: Data;
}

/** The same on the way: a number is a float64, a bigint an int. Strings are bytes, as ../go/text.ts holds them. */
export type Value = string | number | bigint | boolean | null | readonly Value[] | Fields;

/** A map, by key in the order of their bytes. */
export class Fields extends Map<string, Value> {
  /** Whether it is a map[string]string. */
  readonly strings: boolean;

  constructor(entries: Iterable<readonly [string, Value]>, strings: boolean) {
    super([...entries].sort(([a], [b]) => compareBytes(a, b)));
    this.strings = strings;
  }
}

export function toValue(data: Data): Value {
  if (typeof data !== "object" || data === null) return data;
  if (Array.isArray(data)) return data.map(toValue);
  if (data instanceof Map) return new Fields(data, true);
  return new Fields(
    Object.entries(data).map(([key, each]) => [key, toValue(each)]),
    false,
  );
}

/** Ends a rendering: what Go ends too, and what goes beyond a limit. */
export function failed(message: string): LandfallError {
  return new LandfallError("template-failed", message);
}

export function typeName(value: Exclude<Value, null>): string {
  switch (typeof value) {
    case "string":
      return "string";
    case "number":
      return "float64";
    case "bigint":
      return "int";
    case "boolean":
      return "bool";
    default:
      if (isList(value)) return "[]interface {}";
      return value.strings ? "map[string]string" : "map[string]interface {}";
  }
}

export function isList(value: Value): value is readonly Value[] {
  return Array.isArray(value);
}

/** Go's truth: what is not empty, zero or nil. */
export function isTrue(value: Value): boolean {
  if (isList(value)) return value.length > 0;
  return value instanceof Fields ? value.size > 0 : Boolean(value);
}

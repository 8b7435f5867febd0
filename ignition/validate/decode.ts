import type { ObjectShape, Shape } from "../shape.ts";
import type { Json } from "./json.ts";

/** A config in memory, as Ignition would hold it: objects are always there, what was not given is undefined. */
export type Value = string | bigint | boolean | undefined | readonly Value[] | Struct;
export interface Struct {
  readonly [key: string]: Value;
}

/** A value of a type that the spec does not have there. */
export class DecodeError extends Error {
  readonly path: Path;
  constructor(path: Path, message: string) {
    super(message);
    this.path = path;
  }
}

export type Path = readonly (string | number)[];

/**
 * Reads a JSON value into a shape the way Go's encoding/json reads it into Ignition's types: keys match in any case,
 * unknown ones are passed over, null leaves things as they are, integers are 64 bits, and a key that is given twice is
 * read into what the first one left, list items included.
 *
 * @throws DecodeError
 */
export function decode(json: Json, shape: ObjectShape): Struct {
  /** What a list was ever made of, by list: Go reuses items past the end when it reads into a list again. */
  const everything = new WeakMap<object, Value[]>();
  return into(json, shape, empty(shape), []) as Struct;

  function into(json: Json, shape: Shape, before: Value, path: Path): Value {
    if (json.kind === "null") return isPointer(shape, path) ? undefined : before;
    if (shape.kind === "object") return intoObject(json, shape, before as Struct | undefined, path);
    if (shape.kind === "list") return intoList(json, shape.of, before as readonly Value[] | undefined, path);
    if (shape.kind === "integer") return integer(json, path);
    if (shape.kind === "string" && json.kind === "string") return json.value;
    if (shape.kind === "boolean" && json.kind === "boolean") return json.value;
    return fail(path, json, shape.kind === "string" ? "a string" : "true or false");
  }

  function intoObject(json: Json, shape: ObjectShape, before: Struct | undefined, path: Path): Value {
    if (json.kind !== "object") return fail(path, json, "an object");
    const result: Record<string, Value> = { ...(before ?? fieldsOf(shape)) };
    for (const { key, value } of json.entries) {
      const name = fieldNamed(key, shape);
      if (name !== undefined) result[name] = into(value, shape.fields[name]!, result[name], [...path, name]);
    }
    return result;
  }

  function intoList(json: Json, of: Shape, before: readonly Value[] | undefined, path: Path): Value {
    if (json.kind !== "array") return fail(path, json, "a list");
    const { items } = json;
    const all = [...(before === undefined ? [] : (everything.get(before) ?? before))];
    if (items.length === 0) all.length = 0;
    items.forEach((item, i) => {
      all[i] = into(item, of, i < all.length ? all[i] : zero(of), [...path, i]);
    });
    const list = all.slice(0, items.length);
    everything.set(list, all);
    return list;
  }
}

/** Whether null makes it absent: Go's pointers and slices. Items of lists are neither. */
function isPointer(shape: Shape, path: Path): boolean {
  if (shape.kind === "list") return true;
  if (typeof path.at(-1) === "number") return false;
  return shape.nullable;
}

function integer(json: Json, path: Path): bigint {
  if (json.kind !== "number") return fail(path, json, "an integer");
  const value = /^-?\d+$/.test(json.text) ? BigInt(json.text) : undefined;
  if (value === undefined || BigInt.asIntN(64, value) !== value) {
    throw new DecodeError(path, `found ${json.text}, expected an integer of 64 bits`);
  }
  return value;
}

/** The field that a key means: itself, else itself in another case (the long s and the Kelvin sign have one too). */
function fieldNamed(key: string, shape: ObjectShape): string | undefined {
  if (Object.hasOwn(shape.fields, key)) return key;
  const folded = fold(key);
  return Object.keys(shape.fields).find((name) => fold(name) === folded);
}

function fold(key: string): string {
  return key
    .replaceAll(/[a-z]/g, (letter) => letter.toUpperCase())
    .replaceAll("ſ", "S")
    .replaceAll("\u212a", "K");
}

function empty(shape: ObjectShape): Struct | undefined {
  return shape.nullable ? undefined : fieldsOf(shape);
}

function fieldsOf(shape: ObjectShape): Struct {
  return Object.fromEntries(
    Object.entries(shape.fields).map(([key, field]) => [
      key,
      field.kind === "object" ? empty(field) : undefined,
    ]),
  );
}

/** What an item of a list is before anything was read into it. */
function zero(shape: Shape): Value {
  if (shape.kind === "object") return fieldsOf(shape);
  return shape.kind === "string" ? "" : undefined;
}

const found: Readonly<Record<Json["kind"], string>> = {
  object: "an object",
  array: "a list",
  string: "a string",
  number: "a number",
  boolean: "true or false",
  null: "null",
};

function fail(path: Path, json: Json, expected: string): never {
  throw new DecodeError(path, `found ${found[json.kind]}, expected ${expected}`);
}

// Go's builtin functions. What Go ends a rendering for ends it here too.
import { escapeHtml } from "../go/html.ts";
import { bytesOf, compareBytes, textOf } from "../go/text.ts";
import { isPrint, sprint, sprintf, sprintln } from "./format.ts";
import { type Meter, Output } from "./meter.ts";
import { Fields, failed, isList, isTrue, typeName, type Value } from "./value.ts";

interface Builtin {
  /** Least number of arguments. */
  readonly least: number;
  /** Greatest number of arguments. Default: any. */
  readonly most?: number;
  readonly call: (args: readonly Value[], meter: Meter) => Value;
}

const builtins: ReadonlyMap<string, Builtin> = new Map<string, Builtin>([
  ["not", { least: 1, most: 1, call: ([value]) => !isTrue(value!) }],
  ["eq", { least: 1, call: ([first, ...others], meter) => equalsAny(first!, others, meter) }],
  ["ne", { least: 2, most: 2, call: ([a, b], meter) => !equalsAny(a!, [b!], meter) }],
  ["lt", { least: 2, most: 2, call: ([a, b], meter) => less(a!, b!, meter) }],
  ["le", { least: 2, most: 2, call: ([a, b], meter) => less(a!, b!, meter) || equalsAny(a!, [b!], meter) }],
  ["gt", { least: 2, most: 2, call: ([a, b], meter) => !less(a!, b!, meter) && !equalsAny(a!, [b!], meter) }],
  ["ge", { least: 2, most: 2, call: ([a, b], meter) => !less(a!, b!, meter) }],
  ["len", { least: 1, most: 1, call: ([value], meter) => BigInt(length(value!, meter)) }],
  ["index", { least: 1, call: ([value, ...keys]) => keys.reduce<Value>(index, present(value!, "index")) }],
  ["slice", { least: 1, call: ([value, ...bounds], meter) => slice(value!, bounds, meter) }],
  ["print", { least: 0, call: (values, meter) => sprint(values, meter) }],
  ["println", { least: 0, call: (values, meter) => sprintln(values, meter) }],
  ["printf", { least: 1, call: ([format, ...values], meter) => formatted(format!, values, meter) }],
  ["html", { least: 0, call: (values, meter) => escaped(values, /["'&<>\0]/g, escapeForHtml, meter) }],
  ["js", { least: 0, call: (values, meter) => escaped(values, /[\\'"<>&=]|[^ -\x7f]/gu, escapeJs, meter) }],
  ["urlquery", { least: 0, call: (values, meter) => escaped(values, /[^\w.~-]/gu, escapeQuery, meter) }],
]);

/** `and` and `or` evaluate no more arguments than they need: execute.ts does them. */
export const functionNames: ReadonlySet<string> = new Set([...builtins.keys(), "and", "or"]);

/** @throws {LandfallError} */
export function call(name: string, args: readonly Value[], meter: Meter): Value {
  const { least, most = Number.POSITIVE_INFINITY, call } = builtins.get(name)!;
  if (args.length < least || args.length > most)
    throw failed(
      `wrong number of args for ${name}: want ${least}${most > least ? " or more" : ""} got ${args.length}`,
    );
  return call(args, meter);
}

type Kind = "string" | "float" | "int" | "bool" | "nil" | "list" | "map";

function kindOf(value: Value): Kind {
  if (value === null) return "nil";
  switch (typeof value) {
    case "string":
      return "string";
    case "number":
      return "float";
    case "bigint":
      return "int";
    case "boolean":
      return "bool";
    default:
      return isList(value) ? "list" : "map";
  }
}

function isBasic(kind: Kind): boolean {
  return kind === "string" || kind === "float" || kind === "int" || kind === "bool";
}

function incomparable(a: Value, b: Value): Error {
  const name = (value: Value) => (value === null ? "nil" : typeName(value));
  return failed(`incompatible types for comparison: ${name(a)} and ${name(b)}`);
}

/** A number of JSON is no int: Go refuses to compare it with one. */
function equalsAny(first: Value, others: readonly Value[], meter: Meter): boolean {
  if (others.length === 0) throw failed("missing argument for comparison");
  const kind = kindOf(first);
  for (const other of others) {
    if (typeof first === "string") meter.step(first.length);
    const otherKind = kindOf(other);
    if (kind === "nil" || otherKind === "nil") {
      if (kind === otherKind) return true;
    } else if (kind !== otherKind || !isBasic(kind)) throw incomparable(first, other);
    else if (first === other) return true;
  }
  return false;
}

function less(a: Value, b: Value, meter: Meter): boolean {
  if (typeof a === "string" && typeof b === "string") {
    meter.step(a.length);
    return compareBytes(a, b) < 0;
  }
  if (typeof a === "number" && typeof b === "number") return a < b;
  if (typeof a === "bigint" && typeof b === "bigint") return a < b;
  throw incomparable(a, b);
}

function length(value: Value, meter: Meter): number {
  if (typeof value === "string") {
    meter.step(value.length);
    return bytesOf(value).length;
  }
  if (isList(value)) return value.length;
  if (value instanceof Fields) return value.size;
  throw failed(`len of ${value === null ? "nil" : typeName(value)}`);
}

function present(value: Value, what: string): Value {
  if (value === null) throw failed(`${what} of untyped nil`);
  return value;
}

/** Of a map, what a key holds: nil where there is none, or "" in a map of strings. */
function index(item: Value, key: Value): Value {
  present(item, "index");
  if (isList(item)) {
    const found = item[within(key, item.length - 1)];
    return found as Value;
  }
  if (typeof item === "string") throw failed("index of a string is not supported: use slice");
  if (!(item instanceof Fields)) throw failed(`can't index item of type ${typeName(item!)}`);
  if (typeof key !== "string") throw failed(`a key is a string, not ${key === null ? "nil" : typeName(key)}`);
  return item.get(key) ?? (item.strings ? "" : null);
}

function within(value: Value, greatest: number): number {
  if (typeof value !== "bigint")
    throw failed(`cannot index slice/array with ${value === null ? "nil" : `type ${typeName(value)}`}`);
  if (value < 0n || value > BigInt(greatest)) throw failed(`index out of range: ${value}`);
  return Number(value);
}

/** Bounds of a string count bytes. */
function slice(item: Value, bounds: readonly Value[], meter: Meter): Value {
  present(item, "slice");
  if (bounds.length > 2) throw failed("slice with three indexes is not supported");
  if (typeof item !== "string" && !isList(item)) throw failed(`can't slice item of type ${typeName(item!)}`);
  const all = typeof item === "string" ? bytesOf(item) : item;
  meter.step(all.length);
  const [from = 0, to = all.length] = bounds.map((bound) => within(bound, all.length));
  if (from > to) throw failed(`invalid slice index: ${from} > ${to}`);
  return all instanceof Uint8Array ? textOf(all.subarray(from, to)) : all.slice(from, to);
}

function formatted(format: Value, values: readonly Value[], meter: Meter): string {
  if (typeof format !== "string") throw failed("wrong type for the format of printf; expected string");
  meter.step(format.length);
  return sprintf(format, values, meter);
}

/** As print, but for a nil; then character by character. */
function escaped(
  values: readonly Value[],
  special: RegExp,
  replace: (character: string) => string,
  meter: Meter,
): string {
  const text = sprint(
    values.map((value) => value ?? "<no value>"),
    meter,
  );
  const output = new Output(meter);
  let from = 0;
  for (const match of text.matchAll(special)) {
    output.write(text.slice(from, match.index));
    output.write(replace(match[0]));
    from = match.index + match[0].length;
  }
  output.write(text.slice(from));
  return output.toString();
}

/** Templates write U+FFFD for a NUL; html.EscapeString leaves it. */
function escapeForHtml(character: string): string {
  return character === "\0" ? "\ufffd" : escapeHtml(character);
}

function escapeJs(character: string): string {
  if ("\\'\"".includes(character)) return `\\${character}`;
  if (character > "\x7f" && (isPrint(character) || !character.isWellFormed())) return character;
  return `\\u${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0")}`;
}

function escapeQuery(character: string): string {
  if (character === " ") return "+";
  return [...bytesOf(character)]
    .map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`)
    .join("");
}

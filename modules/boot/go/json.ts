// JSON as Go's encoding/json reads it into an interface{}, and as it writes it.
import { LandfallError } from "../../spec/error.ts";
import { jsonError } from "./json-error.ts";
import { compareBytes } from "./text.ts";

export type Json = string | number | boolean | null | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: Json;
}

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** @throws {LandfallError} `json-broken` */
export function parseJson(bytes: Uint8Array): Json {
  try {
    checkDepth(bytes);
    return checked(JSON.parse(decoder.decode(bytes)) as Json);
  } catch (error) {
    const reason = jsonError(bytes) ?? (error instanceof Error ? error.message : String(error));
    throw new LandfallError("json-broken", reason);
  }
}

const deepest = 10_000;

/** Refuses what Go refuses, before V8 makes gigabytes of some megabytes of brackets. */
function checkDepth(bytes: Uint8Array): void {
  let depth = 0;
  let inString = false;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i];
    if (inString) {
      if (byte === 0x5c) i += 1;
      else if (byte === 0x22) inString = false;
    } else if (byte === 0x22) inString = true;
    else if (byte === 0x5b || byte === 0x7b) {
      depth += 1;
      if (depth > deepest) throw new RangeError("exceeded max depth");
    } else if (byte === 0x5d || byte === 0x7d) depth -= 1;
  }
}

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** With what a float64 and UTF-8 can hold. */
function checked(value: Json): Json {
  if (typeof value === "number") {
    if (Number.isFinite(value)) return value;
    throw new RangeError("json: a number is out of range of a float64");
  }
  if (typeof value === "string") return value.toWellFormed();
  if (Array.isArray(value)) return value.map(checked);
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key.toWellFormed(), checked(each)]));
}

/** Keys of objects that `sorted` names are sorted; the others keep their order, as fields of a Go struct do. */
export function writeJson(
  value: Json,
  indent = "",
  sorted: (path: readonly string[]) => boolean = () => true,
): string {
  return write(value, indent, "\n", [], sorted);
}

function write(
  value: Json,
  indent: string,
  line: string,
  path: readonly string[],
  sorted: (path: readonly string[]) => boolean,
): string {
  if (typeof value === "string") return quote(value);
  if (typeof value === "number") return Object.is(value, -0) ? "-0" : String(value);
  if (value === null || typeof value === "boolean") return String(value);
  const inner = line + indent;
  const [open, close, items] = isObject(value)
    ? ["{", "}", members(value, indent, inner, path, sorted)]
    : ["[", "]", value.map((each, index) => write(each, indent, inner, [...path, String(index)], sorted))];
  if (items.length === 0) return open + close;
  if (indent === "") return open + items.join(",") + close;
  return `${open}${inner}${items.join(`,${inner}`)}${line}${close}`;
}

function members(
  value: JsonObject,
  indent: string,
  line: string,
  path: readonly string[],
  sorted: (path: readonly string[]) => boolean,
): string[] {
  const keys = Object.keys(value);
  if (sorted(path)) keys.sort(compareBytes);
  const colon = indent === "" ? ":" : ": ";
  return keys.map((key) => quote(key) + colon + write(value[key]!, indent, line, [...path, key], sorted));
}

/** Go escapes what HTML and JavaScript could stumble on. */
function quote(text: string): string {
  return JSON.stringify(text.toWellFormed()).replaceAll(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** As fmt's %v prints a float64. */
export function formatNumber(value: number): string {
  if (Object.is(value, -0)) return "-0";
  const scientific = value.toExponential();
  const exponent = Number(scientific.slice(scientific.indexOf("e") + 1));
  if (value === 0 || (exponent >= -4 && exponent < 6)) return String(value);
  return scientific.replace(/e([+-])(\d)$/, "e$10$2");
}

/**
 * A JSON text as written: duplicate keys and the digits of numbers are kept. `at` is where it begins in the text: for
 * a list or an object just inside its bracket, as Ignition counts.
 */
export type Json =
  | JsonObject
  | JsonArray
  | { readonly kind: "string"; readonly value: string; readonly at: number }
  | { readonly kind: "number"; readonly text: string; readonly at: number }
  | { readonly kind: "boolean"; readonly value: boolean; readonly at: number }
  | { readonly kind: "null"; readonly at: number };

export interface JsonObject {
  readonly kind: "object";
  readonly entries: { readonly key: string; readonly at: number; readonly value: Json }[];
  readonly at: number;
}

export interface JsonArray {
  readonly kind: "array";
  readonly items: Json[];
  readonly at: number;
}

/** A text that is no JSON; `at` is an offset in it. */
export class JsonError extends Error {
  readonly at: number;
  constructor(message: string, at: number) {
    super(message);
    this.at = at;
  }
}

/** Go's encoding/json gives up on what is nested deeper. */
const deepest = 10_000;

/**
 * Reads one JSON value. Accepts exactly what Go's encoding/json does. Keeps its own stack, so that deep nesting is an
 * error like any other.
 *
 * @throws JsonError
 */
export function parseJson(text: string): Json {
  const open: (JsonObject | JsonArray)[] = [];
  const keys: { key: string; at: number }[] = []; // one for each open object: whose value comes next
  let pos = skipSpace(0);

  for (;;) {
    let value = scalarOrStart();
    if (value === undefined) continue;
    for (;;) {
      pos = skipSpace(pos);
      const parent = open.at(-1);
      if (parent === undefined) {
        if (pos < text.length) fail(`unexpected ${shown(pos)} after the value`);
        return value;
      }
      if (parent.kind === "object") parent.entries.push({ ...keys.pop()!, value });
      else parent.items.push(value);
      const next = text[pos];
      if (next === ",") {
        pos = skipSpace(pos + 1);
        if (parent.kind === "object") keys.push(key());
        break;
      }
      if (next !== (parent.kind === "object" ? "}" : "]"))
        fail(`expected a comma or an end, found ${shown(pos)}`);
      pos++;
      value = open.pop()!;
    }
  }

  /** A whole value; or nothing, after an opening bracket with something in it. */
  function scalarOrStart(): Json | undefined {
    const at = pos;
    const first = text[pos];
    if (first === "{" || first === "[") {
      const inside = pos + 1;
      const value: Json =
        first === "{"
          ? { kind: "object", entries: [], at: inside }
          : { kind: "array", items: [], at: inside };
      if (open.length >= deepest) fail(`nested deeper than ${deepest}`);
      pos = skipSpace(inside);
      if (text[pos] === (first === "{" ? "}" : "]")) {
        pos++;
        return value;
      }
      open.push(value);
      if (first === "{") keys.push(key());
      return undefined;
    }
    if (first === '"') return { kind: "string", value: string(), at };
    const word = match(/true|false|null/y);
    if (word === "null") return { kind: "null", at };
    if (word !== undefined) return { kind: "boolean", value: word === "true", at };
    const number = match(/-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y);
    if (number === undefined) fail(`expected a value, found ${shown(pos)}`);
    return { kind: "number", text: number, at };
  }

  function key(): { key: string; at: number } {
    const at = pos;
    if (text[pos] !== '"') fail(`expected a key, found ${shown(pos)}`);
    const name = string();
    pos = skipSpace(pos);
    if (text[pos] !== ":") fail(`expected a colon, found ${shown(pos)}`);
    pos = skipSpace(pos + 1);
    return { key: name, at };
  }

  function string(): string {
    const start = pos;
    let end = start + 1;
    while (end < text.length && text[end] !== '"') end += text[end] === "\\" ? 2 : 1;
    if (end >= text.length) fail("string without an end");
    pos = end + 1;
    try {
      return (JSON.parse(text.slice(start, pos)) as string).toWellFormed();
    } catch {
      throw new JsonError("string with a control character, or a bad escape, in it", start);
    }
  }

  function match(pattern: RegExp): string | undefined {
    pattern.lastIndex = pos;
    const found = pattern.exec(text)?.[0];
    pos += found?.length ?? 0;
    return found;
  }

  function skipSpace(from: number): number {
    let at = from;
    while (text[at] === " " || text[at] === "\n" || text[at] === "\t" || text[at] === "\r") at++;
    return at;
  }

  function shown(at: number): string {
    return at < text.length ? JSON.stringify(String.fromCodePoint(text.codePointAt(at)!)) : "the end";
  }

  function fail(message: string): never {
    throw new JsonError(message, pos);
  }
}

/** UTF-8 as Go's encoding/json reads it: every byte that is not part of a character becomes U+FFFD. */
export function decodeUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    let text = "";
    for (let at = 0; at < bytes.length; ) {
      const length = characterLength(bytes, at);
      text += length === 0 ? "\ufffd" : Buffer.from(bytes.subarray(at, at + length)).toString("utf8");
      at += length || 1;
    }
    return text;
  }
}

function characterLength(bytes: Uint8Array, at: number): number {
  for (let length = 1; length <= 4 && at + length <= bytes.length; length++) {
    const text = Buffer.from(bytes.subarray(at, at + length)).toString("utf8");
    if (!text.includes("\ufffd")) return length;
    if (length === 3 && bytes[at] === 0xef && bytes[at + 1] === 0xbf && bytes[at + 2] === 0xbd) return length;
  }
  return 0;
}

/** Line and column (in bytes, both from 1) of an offset in a text. */
export function position(text: string, at: number): { line: number; column: number } {
  const before = text.slice(0, at);
  const lineStart = before.lastIndexOf("\n") + 1;
  return { line: before.split("\n").length, column: Buffer.byteLength(before.slice(lineStart)) + 1 };
}

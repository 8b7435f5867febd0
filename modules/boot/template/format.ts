// Go's fmt, as far as templates use it: what %v makes of any value, and printf with the verbs and flags listed below.
import { bytesOf } from "../go/text.ts";
import { formatFloat } from "./float.ts";
import { Refusal } from "./lex.ts";
import { type Meter, Output } from "./meter.ts";
import { type Fields, failed, isList, typeName, type Value } from "./value.ts";

const verbs = "vsqdtxXfFeEgGcob";
/** `%`, flags, width, precision, verb. */
const directive = /%([-+ 0]*)(\d*)(?:(\.)(\d*))?(.|$)/gsu;
const maxWidth = 10_000;

interface Spec {
  readonly minus: boolean;
  readonly plus: boolean;
  readonly space: boolean;
  readonly zero: boolean;
  readonly width: number | undefined;
  readonly precision: number | undefined;
}
const plain: Spec = {
  minus: false,
  plus: false,
  space: false,
  zero: false,
  width: undefined,
  precision: undefined,
};

/** What printf does not know here. @throws {Refusal} */
export function checkFormat(format: string, at: number): void {
  const reason = unsupported(format);
  if (reason !== undefined) throw new Refusal(at, reason);
}

function unsupported(format: string): string | undefined {
  for (const [whole, flags = "", width = "", , precision = "", verb = ""] of format.matchAll(directive)) {
    if (verb === "%") continue;
    if (!verbs.includes(verb) || verb === "")
      return `printf ${JSON.stringify(whole)} is not supported; verbs are ${verbs} and %`;
    if (/[+ 0]/.test(flags) && !"dfFeEgG".includes(verb))
      return `printf ${JSON.stringify(whole)}: the flags + 0 and space are for numbers only`;
    if (Number(width) > maxWidth || Number(precision) > maxWidth)
      return `printf ${JSON.stringify(whole)}: width and precision go up to ${maxWidth}`;
  }
  return undefined;
}

/** fmt.Sprint: spaces between values of which neither is a string. */
export function sprint(values: readonly Value[], meter: Meter): string {
  const output = new Output(meter);
  values.forEach((value, index) => {
    const before = values[index - 1];
    if (index > 0 && typeof value !== "string" && typeof before !== "string") output.write(" ");
    write(output, value, "v", plain, 0);
  });
  return output.toString();
}

/** fmt.Sprintln. */
export function sprintln(values: readonly Value[], meter: Meter): string {
  const output = new Output(meter);
  values.forEach((value, index) => {
    if (index > 0) output.write(" ");
    write(output, value, "v", plain, 0);
  });
  output.write("\n");
  return output.toString();
}

/** fmt.Sprintf. @throws {LandfallError} on what it does not know */
export function sprintf(format: string, values: readonly Value[], meter: Meter): string {
  const reason = unsupported(format);
  if (reason !== undefined) throw failed(reason);
  const output = new Output(meter);
  let next = 0;
  let from = 0;
  for (const match of format.matchAll(directive)) {
    const [whole, flags = "", width = "", point, precision = "", verb = ""] = match;
    output.write(format.slice(from, match.index));
    from = match.index + whole.length;
    const minus = flags.includes("-");
    const spec = {
      minus,
      plus: flags.includes("+"),
      space: flags.includes(" "),
      zero: flags.includes("0"),
      width: width === "" ? undefined : Number(width),
      precision: point === undefined ? undefined : Number(precision),
    };
    if (verb === "%") output.write("%");
    else if (next >= values.length) output.write(`%!${verb}(MISSING)`);
    else write(output, values[next++]!, verb, spec, 0);
  }
  output.write(format.slice(from));
  if (next < values.length) {
    output.write("%!(EXTRA ");
    values.slice(next).forEach((value, index) => {
      if (index > 0) output.write(", ");
      if (value === null) output.write("<nil>");
      else {
        output.write(`${typeName(value)}=`);
        write(output, value, "v", plain, 0);
      }
    });
    output.write(")");
  }
  return output.toString();
}

function write(output: Output, value: Value, verb: string, spec: Spec, depth: number): void {
  if (value === null) {
    if (depth > 0) output.write("<nil>");
    else if (verb === "v") output.write(pad("<nil>", spec));
    else output.write(`%!${verb}(<nil>)`);
    return;
  }
  if (typeof value === "object") {
    writeMany(output, value, verb, spec, depth);
    return;
  }
  if (typeof value === "string") output.meter.step(value.length);
  const text =
    typeof value === "string"
      ? formatString(value, verb, spec)
      : typeof value === "number"
        ? formatNumber(value, verb, spec)
        : typeof value === "bigint"
          ? formatInteger(value, verb, spec)
          : formatBoolean(value, verb, spec);
  if (text !== undefined) output.write(text);
  else {
    output.write(`%!${verb}(${typeName(value)}=`);
    write(output, value, "v", spec, depth);
    output.write(")");
  }
}

function writeMany(
  output: Output,
  value: readonly Value[] | Fields,
  verb: string,
  spec: Spec,
  depth: number,
): void {
  if (isList(value)) {
    output.write("[");
    value.forEach((each, index) => {
      if (index > 0) output.write(" ");
      write(output, each, verb, spec, depth + 1);
    });
    output.write("]");
    return;
  }
  output.write("map[");
  let first = true;
  for (const [key, each] of value) {
    if (!first) output.write(" ");
    first = false;
    write(output, key, verb, spec, depth + 1);
    output.write(":");
    write(output, each, verb, spec, depth + 1);
  }
  output.write("]");
}

/** Undefined, here and below: this verb is not for such a value. */
function formatString(value: string, verb: string, spec: Spec): string | undefined {
  const kept = spec.precision === undefined ? value : [...value].slice(0, spec.precision).join("");
  switch (verb) {
    case "v":
    case "s":
      return pad(kept, spec);
    case "q":
      return pad(quote(kept, '"'), spec);
    case "x":
    case "X": {
      const bytes = bytesOf(value).subarray(0, spec.precision);
      const hex = bytes.toString("hex");
      return pad(verb === "x" ? hex : hex.toUpperCase(), spec);
    }
    default:
      return undefined;
  }
}

function formatBoolean(value: boolean, verb: string, spec: Spec): string | undefined {
  return verb === "t" || verb === "v" ? pad(String(value), spec) : undefined;
}

function formatNumber(value: number, verb: string, spec: Spec): string | undefined {
  if ("xXb".includes(verb)) throw failed(`printf %${verb} of a number that is no int is not supported`);
  if (!"vfFeEgG".includes(verb)) return undefined;
  const kind = verb === "v" ? "g" : (verb.toLowerCase() as "e" | "f" | "g");
  const text = formatFloat(Math.abs(value), kind, spec.precision ?? (kind === "g" ? undefined : 6));
  const negative = value < 0 || Object.is(value, -0);
  return padNumber(signOf(negative, spec), verb === "E" || verb === "G" ? text.toUpperCase() : text, spec);
}

function formatInteger(value: bigint, verb: string, spec: Spec): string | undefined {
  const base = { v: 10, d: 10, x: 16, X: 16, o: 8, b: 2 }[verb];
  if (base === undefined) return formatCharacter(value, verb, spec);
  if (spec.precision === 0 && value === 0n) return pad("", { ...spec, zero: false });
  const digits = (value < 0n ? -value : value).toString(base).padStart(spec.precision ?? 0, "0");
  const sign = signOf(value < 0n, spec);
  const text = verb === "X" ? digits.toUpperCase() : digits;
  // Of zeros for the width and for the precision, only the latter are written.
  return padNumber(sign, text, { ...spec, zero: spec.zero && spec.precision === undefined });
}

function formatCharacter(value: bigint, verb: string, spec: Spec): string | undefined {
  if (verb !== "c" && verb !== "q") return undefined;
  const point =
    value > 0x10ffffn || value < 0n || (value >= 0xd800n && value < 0xe000n) ? 0xfffd : Number(value);
  const character = String.fromCodePoint(point);
  return pad(verb === "c" ? character : quote(character, "'"), spec);
}

function signOf(negative: boolean, { plus, space }: Spec): string {
  return negative ? "-" : plus ? "+" : space ? " " : "";
}

function padNumber(sign: string, digits: string, spec: Spec): string {
  if (spec.zero && !spec.minus && spec.width !== undefined)
    return sign + digits.padStart(spec.width - sign.length, "0");
  return pad(sign + digits, { ...spec, zero: false });
}

function pad(text: string, { width = 0, minus, zero }: Spec): string {
  const missing = Math.max(0, width - [...text].length);
  if (minus) return text + " ".repeat(missing);
  return (zero ? "0" : " ").repeat(missing) + text;
}

const named: Readonly<Record<string, string>> = {
  "\x07": "\\a",
  "\b": "\\b",
  "\f": "\\f",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "\v": "\\v",
  "\\": "\\\\",
};

/** strconv.Quote, QuoteRune. */
function quote(text: string, mark: string): string {
  const inner = [...text].map((character) => {
    if (character === mark) return `\\${mark}`;
    if (Object.hasOwn(named, character)) return named[character];
    if (isPrint(character)) return character;
    if (!character.isWellFormed()) return `\\x${bytesOf(character).toString("hex")}`;
    const point = character.codePointAt(0)!;
    const hex = point.toString(16);
    if (point < 0x80) return `\\x${hex.padStart(2, "0")}`;
    return point > 0xffff ? `\\U${hex.padStart(8, "0")}` : `\\u${hex.padStart(4, "0")}`;
  });
  return `${mark}${inner.join("")}${mark}`;
}

/** unicode.IsPrint: letters, marks, numbers, punctuation, symbols, and the ASCII space. */
export function isPrint(character: string): boolean {
  return /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u.test(character);
}

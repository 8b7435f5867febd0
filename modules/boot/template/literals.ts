// Go's literals: numbers, characters and strings as they stand in a template.
import { bytesOf, textOf } from "../go/text.ts";
import { Refusal } from "./lex.ts";

const integer = /^[+-]?(?:0[xX][\da-fA-F]+|0[oO][0-7]+|0[bB][01]+|0[0-7]*|[1-9]\d*)$/;
const float = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
/** -0b and 64 digits, and some. Reading thousands of digits would take long. */
const longestNumber = 100;
const simple: Readonly<Record<string, string>> = {
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
  "\\": "\\",
};

/** An int is a bigint here, a float64 a number. @throws {Refusal} */
export function numberLiteral(text: string, at: number): bigint | number {
  if (text.length > longestNumber) throw new Refusal(at, "a number so long is not supported");
  if (integer.test(text)) {
    const negative = text.startsWith("-");
    const digits = text.replace(/^[+-]/, "");
    const value = BigInt(/^0\d/.test(digits) ? `0o${digits}` : digits) * (negative ? -1n : 1n);
    if (value < -(2n ** 63n) || value >= 2n ** 63n)
      throw new Refusal(at, `${text} overflows int, which is not supported`);
    return value;
  }
  if (float.test(text) && /[.eE]/.test(text)) {
    const value = Number(text);
    if (Number.isFinite(value)) return value;
  }
  throw new Refusal(at, `${JSON.stringify(text)} is no number, or of a form that is not supported`);
}

/** The text between the quotes of `"..."` or `` `...` ``. @throws {Refusal} */
export function stringLiteral(token: string, at: number): string {
  const inner = token.slice(1, -1);
  if (token.startsWith("`")) return inner.replaceAll("\r", "");
  const text = unescaped(inner, '"', at);
  return text.isWellFormed() ? text : textOf(bytesOf(text));
}

/** The code point of `'x'`, an int. @throws {Refusal} */
export function charLiteral(token: string, at: number): bigint {
  const byte = /^'\\(?:x([\da-fA-F]{2})|([0-3][0-7]{2}))'$/.exec(token);
  if (byte !== null) return BigInt(byte[1] === undefined ? `0o${byte[2]}` : `0x${byte[1]}`);
  const points = [...unescaped(token.slice(1, -1), "'", at)];
  if (points.length !== 1) throw new Refusal(at, `malformed character constant: ${token}`);
  return BigInt(points[0]!.codePointAt(0)!);
}

function unescaped(inner: string, quote: string, at: number): string {
  const sequence = /\\(?:x([\da-fA-F]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8})|([0-7]{3})|(.))/gsu;
  return inner.replaceAll(sequence, (whole, hex, short, long, octal, one: string | undefined) => {
    if (one !== undefined) {
      const meant = one === quote ? quote : simple[one];
      if (meant === undefined) throw new Refusal(at, `unknown escape ${whole}`);
      return meant;
    }
    const point = Number.parseInt(hex ?? short ?? long ?? octal, octal === undefined ? 16 : 8);
    const byte = hex !== undefined || octal !== undefined;
    if (byte && point > 0xff) throw new Refusal(at, `unknown escape ${whole}`);
    if (byte && point > 0x7f)
      throw new Refusal(at, `${whole}: bytes beyond ASCII are not supported, use \\u`);
    if (point > 0x10ffff || (point >= 0xd800 && point < 0xe000))
      throw new Refusal(at, `${whole} is no character`);
    return String.fromCodePoint(point);
  });
}

// Texts made odd: taken from whole ones, cut, doubled, joined, and with bytes that mean something to some parser.

const pieces = [
  ..."\0\t\n\r !\"#$%&'()*+,-./09:;<=>?@AZ[\\]^_`az{|}~\x7f\x80\x9b\xc3\xff",
  "%00",
  "%0a",
  "%2e",
  "%zz",
  "&&",
  "||",
  "${",
  "}",
  "{{",
  "..",
  "null",
  "-1",
  "1e999",
  "9223372036854775807",
  "9223372036854775808",
  "18446744073709551616",
  "0x10",
  "\\u0000",
  "\\ud800",
  "__proto__",
  "constructor",
  "\xe2\x80\xa8",
  "\xc3\xbc",
];

/** One character a byte. */
export function odd(whole: readonly string[], next: () => number): string {
  const at = (length: number) => Math.floor(next() * length);
  const pick = <T>(from: readonly T[]): T => from[at(from.length)]!;
  let text = pick(whole);
  for (let times = at(5); times > 0; times--) {
    const start = at(text.length + 1);
    const end = Math.min(text.length, start + at(6));
    const kind = next();
    if (kind < 0.4) text = text.slice(0, start) + pick(pieces) + text.slice(start);
    else if (kind < 0.6) text = text.slice(0, start) + pick(pieces) + text.slice(end);
    else if (kind < 0.75) text = text.slice(0, start) + text.slice(end);
    else if (kind < 0.85)
      text = text.slice(0, end) + text.slice(start, end).repeat(1 + at(20)) + text.slice(end);
    else {
      const other = pick(whole);
      text = text.slice(0, start) + other.slice(at(other.length + 1));
    }
  }
  return text;
}

// Go's strings are bytes. Here they are strings in which a byte that is no UTF-8 is a lone surrogate, U+DC00 + byte:
// they compare, concatenate and come out again as the same bytes.

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** @param bytes UTF-8, or nearly. */
export function textOf(bytes: Uint8Array): string {
  try {
    return strict.decode(bytes);
  } catch {
    return piecewise(bytes);
  }
}

export function bytesOf(text: string): Buffer {
  if (text.isWellFormed()) return Buffer.from(text, "utf8");
  const parts: Buffer[] = [];
  let start = 0;
  for (const { index } of text.matchAll(/\p{Cs}/gu)) {
    parts.push(Buffer.from(text.slice(start, index), "utf8"));
    const byte = text.charCodeAt(index) - 0xdc00;
    parts.push(byte >= 0x80 && byte <= 0xff ? Buffer.of(byte) : Buffer.from("\ufffd"));
    start = index + 1;
  }
  parts.push(Buffer.from(text.slice(start), "utf8"));
  return Buffer.concat(parts);
}

/** Orders as Go orders strings: by their bytes. */
export function compareBytes(a: string, b: string): number {
  return a === b ? 0 : Buffer.compare(bytesOf(a), bytesOf(b));
}

/** Letter by letter, as Go: what would become two letters ("ß") stays, or has a capital of its own ("ᾳ"). */
export function upper(text: string): string {
  return eachLetter(text, (letter) => letter.toUpperCase(), capitalOf);
}

export function lower(text: string): string {
  return eachLetter(
    text,
    (letter) => letter.toLowerCase(),
    (letter) => (letter === "\u0130" ? "i" : letter),
  );
}

/** Greek letters with an iota below, whose upper case JavaScript writes as two letters. */
function capitalOf(letter: string): string {
  const code = letter.charCodeAt(0);
  const row = code & ~0xf;
  if ((row === 0x1f80 || row === 0x1f90 || row === 0x1fa0) && (code & 0xf) < 8)
    return String.fromCharCode(code + 8);
  return code === 0x1fb3 || code === 0x1fc3 || code === 0x1ff3 ? String.fromCharCode(code + 9) : letter;
}

function eachLetter(
  text: string,
  change: (text: string) => string,
  otherwise: (letter: string) => string,
): string {
  if (!/[\x80-\uffff]/.test(text)) return change(text);
  return Array.from(text, (letter) => {
    if (!letter.isWellFormed()) return "\ufffd";
    const changed = change(letter);
    return Array.from(changed).length === 1 ? changed : otherwise(letter);
  }).join("");
}

function piecewise(bytes: Uint8Array): string {
  let text = "";
  for (let i = 0; i < bytes.length; ) {
    const length = sequenceLength(bytes, i);
    text +=
      length === 0 ? String.fromCharCode(0xdc00 + bytes[i]!) : strict.decode(bytes.subarray(i, i + length));
    i += Math.max(1, length);
  }
  return text;
}

/** Bytes of the character at `at`; 0 where there is none. */
function sequenceLength(bytes: Uint8Array, at: number): number {
  for (let length = 1; length <= 4 && at + length <= bytes.length; length++) {
    try {
      strict.decode(bytes.subarray(at, at + length));
      return length;
    } catch {
      // not yet, or never
    }
  }
  return 0;
}

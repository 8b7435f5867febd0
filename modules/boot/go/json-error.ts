// Why bytes are no JSON, in the words of Go's encoding/json: gRPC clients show them.

const ends = "unexpected end of JSON input";
const space = " \t\r\n";

class Refusal extends Error {}

/** Undefined for what is JSON. */
export function jsonError(bytes: Uint8Array): string | undefined {
  try {
    new Scanner(Buffer.from(bytes).toString("latin1")).document();
    return undefined;
  } catch (error) {
    if (error instanceof Refusal) return error.message;
    if (error instanceof RangeError) return "exceeded max depth";
    throw error;
  }
}

class Scanner {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  document(): void {
    this.#value();
    this.#skip();
    if (this.#at < this.#text.length) this.#fail("after top-level value");
  }

  #value(): void {
    const first = this.#next();
    if (first === "{") this.#object();
    else if (first === "[") this.#array();
    else if (first === '"') this.#string();
    else if (/[-0-9]/.test(first)) this.#number();
    else if (first === "t") this.#literal("true");
    else if (first === "f") this.#literal("false");
    else if (first === "n") this.#literal("null");
    else this.#fail("looking for beginning of value");
  }

  #object(): void {
    const key = "looking for beginning of object key string";
    this.#at += 1;
    if (this.#next() === "}") {
      this.#at += 1;
      return;
    }
    for (;;) {
      if (this.#next() !== '"') this.#fail(key);
      this.#string();
      if (this.#next() !== ":") this.#fail("after object key");
      this.#at += 1;
      this.#value();
      const after = this.#next();
      if (after !== "," && after !== "}") this.#fail("after object key:value pair");
      this.#at += 1;
      if (after === "}") return;
    }
  }

  #array(): void {
    this.#at += 1;
    if (this.#next() === "]") {
      this.#at += 1;
      return;
    }
    for (;;) {
      this.#value();
      const after = this.#next();
      if (after !== "," && after !== "]") this.#fail("after array element");
      this.#at += 1;
      if (after === "]") return;
    }
  }

  #string(): void {
    this.#at += 1;
    for (;;) {
      this.#mayNotEnd();
      const character = this.#here();
      if (character < " ") this.#fail("in string literal");
      this.#at += 1;
      if (character === '"') return;
      if (character !== "\\") continue;
      if (!/[bfnrt\\/"u]/.test(this.#here())) this.#fail("in string escape code");
      const digits = this.#here() === "u" ? 4 : 0;
      this.#at += 1;
      for (let i = 0; i < digits; i++) {
        if (!/[0-9a-fA-F]/.test(this.#here())) this.#fail("in \\u hexadecimal character escape");
        this.#at += 1;
      }
    }
  }

  #number(): void {
    if (this.#text[this.#at] === "-") {
      this.#at += 1;
      if (!/\d/.test(this.#here())) this.#fail("in numeric literal");
    }
    if (this.#text[this.#at] === "0") this.#at += 1;
    else this.#digits();
    if (this.#text[this.#at] === ".") {
      this.#at += 1;
      if (!/\d/.test(this.#here())) this.#fail("after decimal point in numeric literal");
      this.#digits();
    }
    if (!/[eE]/.test(this.#text[this.#at] ?? "")) return;
    this.#at += 1;
    if (/[-+]/.test(this.#here())) this.#at += 1;
    if (!/\d/.test(this.#here())) this.#fail("in exponent of numeric literal");
    this.#digits();
  }

  #digits(): void {
    while (/\d/.test(this.#text[this.#at] ?? "")) this.#at += 1;
  }

  #literal(word: string): void {
    for (const letter of word) {
      if (this.#here() !== letter) this.#fail(`in literal ${word} (expecting '${letter}')`);
      this.#at += 1;
    }
  }

  #skip(): void {
    while (this.#at < this.#text.length && space.includes(this.#text[this.#at]!)) this.#at += 1;
  }

  /** What comes after white space. */
  #next(): string {
    this.#skip();
    this.#mayNotEnd();
    return this.#here();
  }

  #mayNotEnd(): void {
    if (this.#at >= this.#text.length) throw new Refusal(ends);
  }

  /** Go looks at the end as if a space came: within a word or a number, that is what it finds wrong. */
  #here(): string {
    return this.#text[this.#at] ?? " ";
  }

  #fail(where: string): never {
    throw new Refusal(`invalid character ${quoted(this.#here())} ${where}`);
  }
}

/** A byte as strconv.Quote shows the character of that number. */
function quoted(character: string): string {
  const names: Readonly<Record<string, string>> = {
    "'": "\\'",
    '"': '"',
    "\\": "\\\\",
    "\x07": "\\a",
    "\b": "\\b",
    "\f": "\\f",
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
    "\v": "\\v",
  };
  const code = character.charCodeAt(0);
  const hidden = code < 0x20 || code === 0x7f;
  const unprintable = (code >= 0x80 && code <= 0xa0) || code === 0xad;
  const shown = hidden
    ? `\\x${code.toString(16).padStart(2, "0")}`
    : unprintable
      ? `\\u${code.toString(16).padStart(4, "0")}`
      : character;
  return `'${names[character] ?? shown}'`;
}

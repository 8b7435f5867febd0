/** How much of a unit file Ignition's reader looks at ahead of itself, bytes. */
const readAhead = 4096;

/** The longest line that systemd takes, bytes. */
const longestLine = 2048;

/** White space as Go has it: without the byte order mark, with NEL. */
const space = /[\t\n\v\f\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/;

/** A unit file's sections that have options, or why it is none. */
export type UnitFile = { readonly sections: readonly string[] } | { readonly error: string };

/**
 * Reads a unit file as go-systemd 22.5 does, whose peculiarities decide what Ignition calls valid: text before the
 * first section is passed over, and a line is too long only where it fills what has been read ahead.
 */
export function readUnit(text: string): UnitFile {
  const reader = new Reader(Buffer.from(text, "utf8"));
  const sections: string[] = [];
  try {
    for (let step: Step | undefined = nextSection; step !== undefined; ) {
      if (reader.lineTooLong()) throw new UnitError(`line too long (max ${longestLine} bytes)`);
      step = step();
    }
    return { sections };
  } catch (error) {
    if (error instanceof UnitError) return { error: error.message };
    throw error;
  }

  function nextSection(): Step | undefined {
    const character = reader.character();
    if (character === undefined) return undefined;
    if (character === "[") return sectionName;
    return isComment(character) ? ignoredLine(nextSection) : nextSection;
  }

  function sectionName(): Step {
    const name = reader.until("]");
    if (!name.ended) throw new UnitError("unable to find end of section");
    return () => {
      const garbage = trimmed(reader.line().text);
      // The lexer of go-systemd never sets the name that it prints here.
      if (garbage !== "")
        throw new UnitError(`found garbage after section name : ${JSON.stringify(garbage)}`);
      return nextOption(name.text.slice(0, -1));
    };
  }

  function nextOption(section: string): Step {
    return () => {
      const character = reader.character();
      if (character === undefined) return undefined;
      if (space.test(character)) return nextOption(section);
      if (character === "[") return sectionName;
      if (isComment(character)) return ignoredLine(nextOption(section));
      reader.back();
      return optionName(section);
    };
  }

  function optionName(section: string): Step {
    return () => {
      for (let character = reader.character(); character !== "="; character = reader.character()) {
        if (character === undefined) throw new UnitError("EOF");
        if (character === "\n" || character === "\r") {
          throw new UnitError("unexpected newline encountered while parsing option name");
        }
      }
      return optionValue(section);
    };
  }

  function optionValue(section: string): Step {
    return () => {
      const { text } = reader.line();
      if (text.endsWith("\\")) return optionValue(section);
      sections.push(section);
      return nextOption(section);
    };
  }

  function ignoredLine(next: Step): Step {
    return () => {
      while (reader.line().text.replace(/ $/, "").endsWith("\\"));
      return next;
    };
  }
}

type Step = () => Step | undefined;

class UnitError extends Error {}

function isComment(character: string): boolean {
  return character === "#" || character === ";";
}

function trimmed(text: string): string {
  return text.replace(new RegExp(`^${space.source}+`), "").replace(new RegExp(`${space.source}+$`), "");
}

/** Go's bufio.Reader over bytes in memory, as far as it shows: what is buffered decides which line is too long. */
class Reader {
  readonly #bytes: Buffer;
  #at = 0;
  #buffered = 0; // end of what has been read ahead
  #last = 0; // where the last character began

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  lineTooLong(): boolean {
    if (this.#buffered - this.#at < longestLine) return false;
    const ahead = this.#bytes.subarray(this.#at, this.#at + longestLine);
    return !ahead.includes("\n") && !ahead.includes("\r");
  }

  /** The next character; nothing at the end. */
  character(): string | undefined {
    if (this.#at === this.#bytes.length) return undefined;
    const first = this.#bytes[this.#at]!;
    const length = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    this.#last = this.#at;
    if (this.#at + length > this.#buffered) this.#fill();
    this.#at += length;
    return this.#bytes.toString("utf8", this.#last, this.#at);
  }

  /** Before the last character again. */
  back(): void {
    this.#at = this.#last;
  }

  /** Up to a mark and with it, or to the end. */
  until(mark: string): { text: string; ended: boolean } {
    const start = this.#at;
    const found = this.#bytes.indexOf(mark, this.#at);
    const end = found < 0 ? this.#bytes.length : found + 1;
    while (end > this.#buffered) {
      if (this.#buffered - this.#at >= readAhead) this.#at = this.#buffered;
      this.#fill();
    }
    this.#at = end;
    return { text: this.#bytes.toString("utf8", start, end), ended: found >= 0 };
  }

  /** To the end of the line, without it. */
  line(): { text: string } {
    const { text } = this.until("\n");
    return { text: text.replace(/\r$/, "").replace(/\n$/, "") };
  }

  #fill(): void {
    this.#buffered = Math.min(this.#bytes.length, this.#at + readAhead);
  }
}

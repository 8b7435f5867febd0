// From text to tokens, as Go's text/template/parse does it: trim markers, comments and delimiters are gone after this.

export type TokenKind =
  | "text"
  | "open" // {{
  | "close" // }}
  | "space"
  | "identifier"
  | "keyword"
  | "dot"
  | "field"
  | "variable"
  | "bool"
  | "number"
  | "char"
  | "string" // "..." or `...`, with its quotes
  | "assign"
  | "declare"
  | "pipe"
  | "("
  | ")"
  | "punctuation"
  | "end";

export interface Token {
  readonly kind: TokenKind;
  readonly text: string;
  /** Offset in the template. */
  readonly at: number;
}

/** Why a template is refused, and where. */
export class Refusal extends Error {
  readonly at: number;
  constructor(at: number, reason: string) {
    super(reason);
    this.at = at;
  }
}

const keywords: ReadonlySet<string> = new Set([
  "block",
  "break",
  "continue",
  "define",
  "else",
  "end",
  "if",
  "nil",
  "range",
  "template",
  "with",
]);
const space = /[ \t\r\n]/;
const spaces = /[ \t\r\n]*/y;
const word = /[_\p{L}\p{Nd}]*/uy;
const closing = /(?:[ \t\r\n]-)?\}\}/y;
/** What may follow an identifier, a field or a variable, besides a closing delimiter. */
const terminator = /[ \t\r\n.,|:)(]|\}\}|$/y;
const number =
  /[+-]?(?:0[xX][\da-fA-F_]*(?:\.[\da-fA-F_]*)?(?:[pP][+-]?[\d_]*)?|0[oO][0-7_]*(?:\.[0-7_]*)?|0[bB][01_]*(?:\.[01_]*)?|[\d_]*(?:\.[\d_]*)?(?:[eE][+-]?[\d_]*)?)i?/y;
const quoted = /"(?:[^"\\\n]|\\[^\n])*"|`[^`]*`/y;
const char = /'(?:[^'\\\n]|\\[^\n])*'/y;

/** @throws {Refusal} */
export function lex(text: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  let depth = 0;

  /** The length of what matches here, or -1. */
  function match(pattern: RegExp): number {
    pattern.lastIndex = at;
    return pattern.exec(text)?.[0].length ?? -1;
  }

  function take(kind: TokenKind, length: number): void {
    tokens.push({ kind, text: text.slice(at, at + length), at });
    at += length;
  }

  /** An identifier, or what follows a `.` or `$`: must end where Go wants it to. */
  function name(length: number): string {
    const found = text.slice(at, at + length);
    at += length;
    if (match(terminator) < 0) throw new Refusal(at, `bad character after ${JSON.stringify(found)}`);
    at -= length;
    return found;
  }

  function close(): void {
    const length = match(closing);
    take("close", length);
    depth = 0;
    if (length > 2) at += match(spaces);
  }

  /** Between the delimiters: one token, or the closing delimiter. Returns whether the action goes on. */
  function inside(): boolean {
    if (at >= text.length) throw new Refusal(at, "unclosed action");
    if (match(closing) >= 0) {
      if (depth > 0) throw new Refusal(at, "unclosed left parenthesis");
      close();
      return false;
    }
    const first = text[at]!;
    if (space.test(first)) {
      let length = match(spaces);
      // The last space may belong to a trim marker.
      at += length - 1;
      const trims = match(closing) > 2;
      at -= length - 1;
      if (trims) length -= 1;
      if (length > 0) take("space", length);
      return true;
    }
    if (first === "=") take("assign", 1);
    else if (first === ":") {
      if (text[at + 1] !== "=") throw new Refusal(at, "expected :=");
      take("declare", 2);
    } else if (first === "|") take("pipe", 1);
    else if (first === '"' || first === "`") {
      const length = match(quoted);
      if (length < 0) throw new Refusal(at, "unterminated string");
      take("string", length);
    } else if (first === "'") {
      const length = match(char);
      if (length < 0) throw new Refusal(at, "unterminated character");
      take("char", length);
    } else if (first === "$" || (first === "." && !/\d/.test(text[at + 1] ?? ""))) {
      at += 1;
      const length = 1 + match(word);
      at -= 1;
      name(length);
      take(first === "$" ? "variable" : length === 1 ? "dot" : "field", length);
    } else if (/[+\-.\d]/.test(first)) {
      const length = match(number);
      at += length;
      if (match(word) > 0 || /[+-]/.test(text[at] ?? ""))
        throw new Refusal(at, "bad number, or a complex one, which is not supported");
      at -= length;
      take("number", length);
    } else if (match(word) > 0) {
      const found = name(match(word));
      const kind = keywords.has(found)
        ? "keyword"
        : found === "true" || found === "false"
          ? "bool"
          : "identifier";
      take(kind, found.length);
    } else if (first === "(") {
      depth += 1;
      take("(", 1);
    } else if (first === ")") {
      depth -= 1;
      if (depth < 0) throw new Refusal(at, "unexpected right parenthesis");
      take(")", 1);
    } else if (first > " " && first <= "~") take("punctuation", 1);
    else throw new Refusal(at, `unexpected character ${JSON.stringify(first)}`);
    return true;
  }

  for (;;) {
    const open = text.indexOf("{{", at);
    const end = open < 0 ? text.length : open;
    const trims = open >= 0 && text[open + 2] === "-" && space.test(text[open + 3] ?? "");
    const before = text.slice(at, end);
    const kept = trims ? withoutSpacesAtEnd(before) : before;
    if (kept !== "") tokens.push({ kind: "text", text: kept, at });
    at = end;
    if (open < 0) break;
    const marker = trims ? 4 : 2;
    if (text.startsWith("/*", at + marker)) {
      const stop = text.indexOf("*/", at + marker + 2);
      if (stop < 0) throw new Refusal(at, "unclosed comment");
      at = stop + 2;
      const length = match(closing);
      if (length < 0) throw new Refusal(at, "comment ends before closing delimiter");
      at += length;
      if (length > 2) at += match(spaces);
      continue;
    }
    tokens.push({ kind: "open", text: "{{", at });
    at += marker;
    while (inside());
  }
  tokens.push({ kind: "end", text: "", at });
  return tokens;
}

/** A pattern would try again at every space. */
function withoutSpacesAtEnd(text: string): string {
  let end = text.length;
  while (end > 0 && space.test(text[end - 1]!)) end -= 1;
  return text.slice(0, end);
}

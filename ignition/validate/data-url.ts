/** Characters of a token in a media type. */
const token = /^[!#$%&'*+\-.0-9A-Z^_`a-z{|}~]$/;

/** Characters that go-dataurl takes in data that is not base64. */
const badData = /[^!$-;=?-Z_a-z~]/;

/** Why a data URL is none, in the words of Ignition's go-dataurl, whose strictness this follows; or nothing. */
export function dataUrlError(url: string): string | undefined {
  if (!url.startsWith("data:")) return "missing data prefix";
  const comma = mediaType(url, "data:".length);
  if (typeof comma === "string") return comma;
  const data = url.slice(comma.at + 1);
  return comma.base64 ? base64Error(data) : percentError(data);
}

function base64Error(data: string): string | undefined {
  if (/[^A-Za-z0-9+/=\n]/.test(data)) return "invalid data character";
  const letters = data.replaceAll("\n", "");
  const padding = letters.endsWith("==") ? 2 : letters.endsWith("=") ? 1 : 0;
  const end = letters.length - padding;
  const bad = letters.length % 4 !== 0 || letters.slice(0, end).includes("=");
  return bad ? "illegal base64 data" : undefined;
}

function percentError(data: string): string | undefined {
  if (badData.test(data)) return "invalid data character";
  return unescapeError(data);
}

function unescapeError(text: string): string | undefined {
  const bad = /%(?![0-9a-fA-F]{2})/.exec(text);
  if (bad === null) return undefined;
  const rest = text.slice(bad.index + 1, bad.index + 3);
  if (/^[0-9a-fA-F]?$/.test(rest)) return "rfc2396: unexpected end of unescape sequence";
  return "rfc2396: invalid char 0x25 in unescape sequence";
}

type Comma = { readonly at: number; readonly base64: boolean };

/** Reads from after `data:` to the comma; says where it is, or what is wrong before it. */
function mediaType(url: string, start: number): Comma | string {
  let at = start;
  if (url[at] !== ";" && url[at] !== ",") {
    const slash = skipToken(at);
    const experimental = /^[xX]-/.test(url.slice(at, at + 2));
    if (at === url.length) return "missing comma before data";
    if (slash === at) return "invalid character after data prefix";
    if (slash === url.length) return "missing media type slash";
    if (url[slash] !== "/") return "invalid character for media type";
    const type = url.slice(at, slash);
    if (!experimental && !/^(text|image|audio|video|application|message|multipart)/.test(type)) {
      return "invalid media type";
    }
    at = skipToken(slash + 1);
    if (at === url.length) return "incomplete media type";
    if (url[at] !== ";" && url[at] !== ",") return "invalid character for media subtype";
  }
  let quotedNext = false; // an empty quoted value leaves the parser believing that the next one is quoted
  while (url[at] === ";") {
    const nameStart = at + 1;
    at = skipToken(nameStart);
    if (nameStart === url.length || at === url.length) return "unterminated parameter sequence";
    if (at === nameStart) {
      const ends = url[at] === "=" || url[at] === ",";
      return ends ? "unterminated parameter sequence" : "invalid character for parameter attribute";
    }
    if (url[at] === ",") {
      const name = url.slice(nameStart, at);
      return name === "base64" ? { at, base64: true } : `expected base64, got ${name}`;
    }
    if (url[at] !== "=") return "invalid character for parameter attribute";
    at++;
    if (at === url.length) return "missing comma before data";
    if (url[at] === '"') {
      const end = quotedEnd(at + 1);
      if (typeof end === "string") return end;
      const value = url.slice(at + 1, end);
      if (!validGoQuoted(value)) return "invalid syntax";
      quotedNext = value === "";
      at = end + 1;
      if (at === url.length) return "missing comma before data";
      if (url[at] !== ";" && url[at] !== ",") return "expected semicolon or comma";
    } else {
      const end = skipToken(at);
      if (end === at) return "invalid character for parameter value";
      if (end === url.length) return "missing comma before data";
      if (url[end] !== ";" && url[end] !== ",") return "invalid character for parameter value";
      const error = quotedNext ? undefined : unescapeError(url.slice(at, end));
      if (error !== undefined) return error;
      quotedNext = false;
      at = end;
    }
  }
  return { at, base64: false };

  function skipToken(from: number): number {
    let end = from;
    while (end < url.length && token.test(url[end]!)) end++;
    return end;
  }

  function quotedEnd(from: number): number | string {
    for (let end = from; end < url.length; end++) {
      if (url[end] === '"') return end;
      const escaped = url[end] === "\\";
      if (escaped) end++;
      if (url.charCodeAt(end) > 0x7f) {
        return escaped ? "invalid escaped character" : "invalid character for parameter value";
      }
    }
    return "unclosed quoted string";
  }
}

/** Whether Go's strconv.Unquote takes it between double quotes. */
function validGoQuoted(text: string): boolean {
  const escapes = /\\(?:[abfnrtv\\"]|x[0-9a-fA-F]{2}|[0-3][0-7]{2}|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8}))/g;
  const plain = text.replaceAll(escapes, (whole: string, short?: string, long?: string) => {
    const code = Number.parseInt(short ?? long ?? "0", 16);
    return code > 0x10ffff || (code >= 0xd800 && code < 0xe000) ? whole : "";
  });
  return !/[\\\n]/.test(plain);
}

// A query string as Go's net/url reads it.
import { textOf } from "./text.ts";

/**
 * First value of each key. What is not well-formed (`%zz`, a `;`) is left out, alone.
 * @param raw as it came, one character a byte
 */
export function parseQuery(raw: string): Map<string, string> {
  const values = new Map<string, string>();
  if (raw === "") return values;
  for (const part of raw.split("&")) {
    if (part === "" || part.includes(";")) continue;
    const cut = part.indexOf("=");
    const key = unescapeQuery(cut < 0 ? part : part.slice(0, cut));
    if (key === undefined) continue;
    const value = unescapeQuery(cut < 0 ? "" : part.slice(cut + 1));
    if (value !== undefined && !values.has(key)) values.set(key, value);
  }
  return values;
}

function unescapeQuery(text: string): string | undefined {
  return percentDecoded(text.includes("+") ? text.replaceAll("+", " ") : text);
}

/** Percent-decoded; undefined for a stray `%`. */
export function percentDecoded(text: string): string | undefined {
  if (!/[%\x80-\xff]/.test(text)) return text;
  if (/%(?![0-9a-fA-F]{2})/.test(text)) return undefined;
  const decoded = text.replaceAll(/%(..)/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return textOf(Buffer.from(decoded, "latin1"));
}

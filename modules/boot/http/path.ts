// Paths as Go's net/http and its ServeMux understand them, so that a request ends where Matchbox would lead it.
import { escapeHtml } from "../go/html.ts";
import { percentDecoded } from "../go/query.ts";
import { bytesOf } from "../go/text.ts";
import type { Answer } from "./answer.ts";

export interface Target {
  /** Decoded. */
  readonly path: string;
  /** Encoded, as Go would write it. */
  readonly escapedPath: string;
  /** Without `?`. */
  readonly rawQuery: string;
}

/** Undefined: a path that no server understands. */
export function parseTarget(target: string): Target | undefined {
  const local = /^https?:\/\/[^/?]*/i.exec(target);
  const rest = local === null ? target : target.slice(local[0].length);
  const cut = rest.indexOf("?");
  const raw = cut < 0 ? rest : rest.slice(0, cut);
  const path = percentDecoded(raw);
  if (path === undefined || (local === null && !raw.startsWith("/"))) return undefined;
  return { path, escapedPath: escaped(raw, path), rawQuery: cut < 0 ? "" : rest.slice(cut + 1) };
}

function escaped(raw: string, path: string): string {
  return /^(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/[\]]|%[0-9a-fA-F]{2})*$/.test(raw) ? raw : escapePath(path);
}

export function escapePath(path: string): string {
  return Array.from(bytesOf(path), (byte) => {
    const character = String.fromCharCode(byte);
    return /[A-Za-z0-9\-._~$&+,/:;=@]/.test(character)
      ? character
      : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }).join("");
}

/** Without `.`, `..` and empty parts; a slash at the end stays. */
export function cleanPath(path: string): string {
  if (!/\/(?:\.{0,2})(?:\/|$)/.test(path)) return path;
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  const clean = `/${parts.join("/")}`;
  return path.endsWith("/") && clean !== "/" ? `${clean}/` : clean;
}

/** What ServeMux answers for a path that is to be asked for in another way. */
export function redirect(method: string, path: string, rawQuery: string): Answer {
  const location = escapePath(path) + (rawQuery === "" ? "" : `?${rawQuery}`);
  const headers = {
    Location: location.replaceAll(/[\x80-\xff]/g, (byte) => `%${byte.charCodeAt(0).toString(16)}`),
    ...(/^(?:GET|HEAD)$/.test(method) && { "Content-Type": "text/html; charset=utf-8" }),
  };
  const body = method === "GET" ? `<a href="${escapeHtml(location)}">Temporary Redirect</a>.\n\n` : "";
  return { status: 307, headers, body: Buffer.from(body, "latin1") };
}

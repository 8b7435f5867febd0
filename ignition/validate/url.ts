import { isIPv6 } from "node:net";

/** A URL as Go's net/url has it, as far as Ignition looks at it. */
export interface GoUrl {
  /** Lower case; empty where there is none. */
  readonly scheme: string;
  /** What follows a scheme without a slash. */
  readonly opaque: string;
  readonly query: string;
}

/** Parses a URL as Go's net/url does, which takes much that other parsers refuse; nothing where Go refuses. */
export function parseUrl(text: string): GoUrl | undefined {
  const [whole, fragment] = cut(text, "#");
  if (/[^\x20-\x7e\x80-\u{10ffff}]/u.test(whole) || whole.startsWith(":") || badEscape(fragment))
    return undefined;
  if (whole === "*") return { scheme: "", opaque: "", query: "" };

  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(whole)?.[1] ?? "";
  const [rest, query] = cut(scheme === "" ? whole : whole.slice(scheme.length + 1), "?");
  const url = { scheme: scheme.toLowerCase(), opaque: "", query };
  if (!rest.startsWith("/")) {
    if (scheme !== "") return { ...url, opaque: rest };
    if (cut(rest, "/")[0].includes(":")) return undefined;
  }
  let path = rest;
  if (rest.startsWith("//") && (scheme !== "" || !rest.startsWith("///"))) {
    const authority = cut(rest.slice(2), "/")[0];
    path = rest.slice(2 + authority.length);
    if (!validAuthority(authority)) return undefined;
  }
  return badEscape(path) ? undefined : url;
}

/** The values of a key in a query, in order; pairs that Go does not understand are left out. */
export function queryValues(query: string, key: string): readonly string[] {
  const pairs = query.split("&");
  if (pairs.length > 10_000) return [];
  return pairs.flatMap((pair) => {
    const [name, value] = cut(pair, "=");
    if (pair === "" || pair.includes(";") || badEscape(name) || badEscape(value)) return [];
    return unescapedBytes(name).equals(Buffer.from(key)) ? [value] : [];
  });
}

function unescapedBytes(text: string): Buffer {
  return Buffer.concat(
    text.split(/(%[0-9a-f]{2}|\+)/i).map((part) => {
      if (part === "+") return Buffer.from(" ");
      return /^%[0-9a-f]{2}$/i.test(part) ? Buffer.from(part.slice(1), "hex") : Buffer.from(part);
    }),
  );
}

function validAuthority(authority: string): boolean {
  const at = authority.lastIndexOf("@");
  if (!validHost(authority.slice(at + 1))) return false;
  const user = authority.slice(0, Math.max(at, 0));
  return /^[A-Za-z0-9\-._:~!$&'()*+,;=%@]*$/.test(user) && !badEscape(user);
}

function validHost(host: string): boolean {
  const bracket = host.lastIndexOf("[");
  if (bracket > 0) return false;
  if (bracket === 0) {
    const end = host.lastIndexOf("]");
    return end > 0 && validPort(host.slice(end + 1)) && validAddress(host.slice(1, end));
  }
  // Of several colons the last one counts, as in Ignition's releases (GODEBUG urlstrictcolons=0 of their Go version).
  const colon = host.lastIndexOf(":");
  return (colon < 0 || validPort(host.slice(colon))) && validHostPart(host);
}

function validPort(port: string): boolean {
  return /^(:[0-9]*)?$/.test(port);
}

/** An address in brackets: IPv6, perhaps with a zone after %25. */
function validAddress(address: string): boolean {
  const zoneAt = address.indexOf("%25");
  const host = zoneAt < 0 ? address : address.slice(0, zoneAt);
  const zone = zoneAt < 0 ? undefined : address.slice(zoneAt);
  if (!validHostPart(host) || (zone !== undefined && !validZone(zone))) return false;
  return zone !== "%25" && isIPv6(host) && !host.includes("%");
}

/** In a host, escapes are for bytes outside ASCII, and for the per cent sign. */
function validHostPart(host: string): boolean {
  if (badEscape(host) || /%(?!25)[0-7]/.test(host)) return false;
  return !/[^\x80-\u{10ffff}A-Za-z0-9\-._~!$&'()*+,;=:[\]<>"%]/u.test(host);
}

function validZone(zone: string): boolean {
  if (badEscape(zone)) return false;
  const plain = zone.replaceAll(/%[0-9a-f]{2}/gi, (escaped) => {
    const byte = Number.parseInt(escaped.slice(1), 16);
    return byte === 0x20 || byte === 0x25 ? "" : byte < 0x80 ? String.fromCharCode(byte) : "/";
  });
  return !/[^\x80-\u{10ffff}A-Za-z0-9\-._~!$&'()*+,;=:[\]<>"]/u.test(plain);
}

function badEscape(text: string): boolean {
  return /%(?![0-9a-f]{2})/i.test(text);
}

function cut(text: string, mark: string): [before: string, after: string] {
  const at = text.indexOf(mark);
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
}

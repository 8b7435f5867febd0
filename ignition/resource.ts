import { gzipSync } from "node:zlib";
import type { HTTPHeader, Resource } from "./types.ts";

/** Where the contents of a file, or another config, come from: given here, or fetched by the machine. */
export type Contents = string | Uint8Array | Inline | Remote;

/** Contents that travel inside the config, as a data URL. */
export interface Inline {
  /** Text is taken as UTF-8. */
  readonly data: string | Uint8Array;
  /** `auto` (the default) is gzip where the config gets smaller by it. */
  readonly compression?: "auto" | "gzip" | "none" | undefined;
}

/** Contents that the machine fetches. */
export interface Remote {
  /** `http`, `https`, `tftp`, `s3`, `arn`, `gs` or `data`. */
  readonly url: string;
  /** 64 hex digits; of the contents, unpacked where they are compressed. */
  readonly sha256?: string | undefined;
  /** 128 hex digits; instead of `sha256`. */
  readonly sha512?: string | undefined;
  readonly compression?: "gzip" | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** The spec's resource for some contents. */
export function resource(contents: Contents): Resource {
  if (typeof contents === "string" || contents instanceof Uint8Array) return inline({ data: contents });
  return "data" in contents ? inline(contents) : remote(contents);
}

function remote({ url, sha256, sha512, compression, headers }: Remote): Resource {
  const hash =
    sha512 !== undefined ? `sha512-${sha512}` : sha256 !== undefined ? `sha256-${sha256}` : undefined;
  const httpHeaders: HTTPHeader[] = Object.entries(headers ?? {}).map(([name, value]) => ({ name, value }));
  return {
    source: url,
    ...(compression && { compression }),
    ...(httpHeaders.length > 0 && { httpHeaders }),
    ...(hash && { verification: { hash } }),
  };
}

function inline({ data, compression = "auto" }: Inline): Resource {
  const bytes = typeof data === "string" ? Buffer.from(data, "utf8") : Buffer.from(data);
  const plain: Resource = { source: dataUrl(bytes) };
  if (compression === "none") return plain;
  const packed: Resource = { source: base64Url(gzip(bytes)), compression: "gzip" };
  return compression === "gzip" || size(packed) < size(plain) ? packed : plain;
}

/** The shorter of the two ways to write bytes as a data URL: percent-encoded, where they are UTF-8, or base64. */
export function dataUrl(bytes: Uint8Array): string {
  const base64 = base64Url(bytes);
  const text = Buffer.from(bytes).toString("utf8");
  if (!Buffer.from(text, "utf8").equals(bytes)) return base64;
  const percent = `data:,${percentEncoded(text)}`;
  return percent.length <= base64.length ? percent : base64;
}

function base64Url(bytes: Uint8Array): string {
  return `data:;base64,${Buffer.from(bytes).toString("base64")}`;
}

/** encodeURIComponent, less what every data URL parser takes as it is. */
function percentEncoded(text: string): string {
  return encodeURIComponent(text).replaceAll(/%(?:2[46BCF]|3[ABD]|40)/g, decodeURIComponent);
}

/** gzip whose header says neither when nor on what system it was made. The same zlib gives the same bytes. */
function gzip(bytes: Uint8Array): Buffer {
  const packed = gzipSync(bytes, { level: 9 });
  packed.fill(0, 4, 8); // modification time
  packed[9] = 255; // operating system: unknown
  return packed;
}

/** The bytes of a resource in a rendered config. */
export function size(value: Resource): number {
  return Buffer.byteLength(JSON.stringify(value));
}

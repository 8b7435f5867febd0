// What is answered for one file: status, headers and pieces, before any byte is read.
import { randomBytes } from "node:crypto";
import { type ByteRange, parseRange } from "../go/range.ts";
import { type Facts, judge } from "./conditions.ts";
import type { Piece } from "./transfers.ts";

export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly pieces: readonly Piece[];
}

export interface FileFacts extends Facts {
  readonly size: number;
  /** Content type; read from its first bytes only where it is needed. */
  readonly type: string;
}

export function fileReply(header: (name: string) => string, file: FileFacts): Reply {
  const { etag, modified, size, type } = file;
  const dated = modified.getTime() === 0 ? {} : { "Last-Modified": modified.toUTCString() };
  const tagged = etag === undefined ? {} : { ETag: etag };
  const { verdict, range } = judge(header, file);
  if (verdict === "not-modified")
    return { status: 304, headers: etag === undefined ? dated : tagged, pieces: [] };
  if (verdict === "failed")
    return { status: 412, headers: { ...dated, ...tagged, "Content-Length": "0" }, pieces: [] };

  const ranges = parseRange(range ? header("range") : "", size);
  if (ranges === "beyond" && size > 0)
    return failure(416, "invalid range: failed to overlap", { "Content-Range": `bytes */${size}` });
  if (ranges === "bad") return failure(416, "invalid range");
  const common = { "Accept-Ranges": "bytes", ...dated, ...tagged };
  // More than the whole is no honest wish.
  const asked = ranges === "beyond" || sum(ranges) > size ? [] : ranges;
  const [first] = asked;
  if (first === undefined) {
    const headers = { ...common, "Content-Type": type, "Content-Length": String(size) };
    return { status: 200, headers, pieces: [{ start: 0, length: size }] };
  }
  if (asked.length === 1) {
    const headers = {
      ...common,
      "Content-Type": type,
      "Content-Range": span(first, size),
      "Content-Length": String(first.length),
    };
    return { status: 206, headers, pieces: [first] };
  }
  return manyRanges(asked, file, common);
}

function manyRanges(
  ranges: readonly ByteRange[],
  { size, type }: FileFacts,
  common: Readonly<Record<string, string>>,
): Reply {
  const boundary = randomBytes(30).toString("hex");
  const pieces: Piece[] = ranges.flatMap((range, index) => [
    Buffer.from(
      `${index === 0 ? "" : "\r\n"}--${boundary}\r\nContent-Range: ${span(range, size)}\r\nContent-Type: ${type}\r\n\r\n`,
    ),
    range,
  ]);
  pieces.push(Buffer.from(`\r\n--${boundary}--\r\n`));
  const headers = {
    ...common,
    "Content-Type": `multipart/byteranges; boundary=${boundary}`,
    "Content-Length": String(sum(pieces)),
  };
  return { status: 206, headers, pieces };
}

export function failure(status: number, text: string, headers: Readonly<Record<string, string>> = {}): Reply {
  const body = Buffer.from(`${text}\n`);
  return {
    status,
    headers: {
      ...headers,
      "Content-Type": "text/plain; charset=utf-8",
      "X-Content-Type-Options": "nosniff",
      "Content-Length": String(body.length),
    },
    pieces: [body],
  };
}

function span({ start, length }: ByteRange, size: number): string {
  return `bytes ${start}-${start + length - 1}/${size}`;
}

function sum(pieces: readonly { readonly length: number }[]): number {
  return pieces.reduce((total, { length }) => total + length, 0);
}

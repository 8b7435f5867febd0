// Bytes in whole or in part, as Go's http.ServeContent serves what has neither a date nor an ETag.
import { randomBytes } from "node:crypto";
import { type ByteRange, parseRange } from "../go/range.ts";
import { sniff } from "../go/sniff.ts";
import { type Answer, type Asked, failure } from "./answer.ts";

export function serveContent({ headers }: Asked, body: Uint8Array): Answer {
  const ifMatch = one(headers["if-match"]);
  if (ifMatch !== "" && !ifMatch.startsWith("*")) return { status: 412, headers: {}, body: new Uint8Array() };
  if (one(headers["if-none-match"]).trim() === "*")
    return { status: 304, headers: {}, body: new Uint8Array() };
  const type = sniff(body);
  const size = body.length;
  const asked = one(headers["if-range"]) === "" ? one(headers.range) : "";
  const ranges = parseRange(asked, size);
  if (ranges === "beyond" && size > 0)
    return failure(416, "invalid range: failed to overlap", { "Content-Range": `bytes */${size}` });
  if (ranges === "bad") return failure(416, "invalid range");
  const whole = { status: 200, headers: { "Accept-Ranges": "bytes", "Content-Type": type }, body };
  if (ranges === "beyond" || ranges.length === 0) return whole;
  // More than the whole is no honest wish.
  if (ranges.reduce((sum, { length }) => sum + length, 0) > size) return whole;
  const part = ({ start, length }: ByteRange) => body.subarray(start, start + length);
  const span = ({ start, length }: ByteRange) => `bytes ${start}-${start + length - 1}/${size}`;
  const [first] = ranges;
  if (ranges.length === 1)
    return {
      status: 206,
      headers: { ...whole.headers, "Content-Range": span(first!) },
      body: part(first!),
    };
  const boundary = randomBytes(30).toString("hex");
  const parts = ranges.flatMap((range, index) => [
    Buffer.from(
      `${index === 0 ? "" : "\r\n"}--${boundary}\r\nContent-Range: ${span(range)}\r\nContent-Type: ${type}\r\n\r\n`,
    ),
    part(range),
  ]);
  return {
    status: 206,
    headers: { "Accept-Ranges": "bytes", "Content-Type": `multipart/byteranges; boundary=${boundary}` },
    body: Buffer.concat([...parts, Buffer.from(`\r\n--${boundary}--\r\n`)]),
  };
}

function one(header: string | readonly string[] | undefined): string {
  return (typeof header === "string" ? header : header?.[0]) ?? "";
}

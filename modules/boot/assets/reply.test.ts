import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fileReply } from "./reply.ts";
import { typeByName } from "./type.ts";

const modified = new Date("2026-01-02T03:04:05Z");
const file = { etag: '"a1"', modified, size: 100, type: "application/octet-stream" };
const later = "Fri, 02 Jan 2026 03:04:06 GMT";
const same = "Fri, 02 Jan 2026 03:04:05 GMT";
const earlier = "Fri, 02 Jan 2026 03:04:04 GMT";

function reply(headers: Readonly<Record<string, string>>) {
  const { status, headers: said } = fileReply((name) => headers[name] ?? "", file);
  return said["Content-Range"] === undefined ? `${status}` : `${status} ${said["Content-Range"]}`;
}

describe("a range", () => {
  test.each([
    ["bytes=0-9", "206 bytes 0-9/100"],
    ["bytes=90-", "206 bytes 90-99/100"],
    ["bytes=90-1000", "206 bytes 90-99/100"],
    ["bytes=-10", "206 bytes 90-99/100"],
    ["bytes=-1000", "206 bytes 0-99/100"],
    ["bytes=100-", "416 bytes */100"],
    ["bytes=9-0", "416"],
    ["bytes=a-b", "416"],
    ["lines=0-9", "416"],
    ["bytes=", "200"],
    ["bytes=0-99,0-99", "200"],
    ["bytes=0-9,20-29", "206"],
    ["bytes=200-300,0-9", "206 bytes 0-9/100"],
  ])("%s", (range, expected) => {
    expect(reply({ range })).toBe(expected);
  });

  test("of any form promises as many bytes as it sends, all of them the file's", () => {
    const part = fc.tuple(fc.option(fc.nat(120)), fc.option(fc.nat(120)));
    const header = fc.oneof(
      fc
        .array(part, { maxLength: 4 })
        .map((parts) => `bytes=${parts.map(([a, b]) => `${a ?? ""}-${b ?? ""}`)}`),
      fc.string({ maxLength: 20 }),
    );
    fc.assert(
      fc.property(header, (range) => {
        const { status, headers, pieces } = fileReply((name) => (name === "range" ? range : ""), file);
        expect([200, 206, 416]).toContain(status);
        const length = pieces.reduce((sum, each) => sum + each.length, 0);
        expect(headers["Content-Length"]).toBe(String(length));
        for (const piece of pieces) {
          if (piece instanceof Uint8Array) continue;
          expect(piece.start).toBeGreaterThanOrEqual(0);
          expect(piece.start + piece.length).toBeLessThanOrEqual(file.size);
        }
      }),
      { seed: 4, numRuns: 5_000 },
    );
  });
});

describe("a condition", () => {
  test.each<[Record<string, string>, string]>([
    [{ "if-none-match": '"a1"' }, "304"],
    [{ "if-none-match": 'W/"a1"' }, "304"],
    [{ "if-none-match": '"b", "a1"' }, "304"],
    [{ "if-none-match": "*" }, "304"],
    [{ "if-none-match": '"b"' }, "200"],
    [{ "if-none-match": "a1" }, "200"],
    [{ "if-none-match": '"b"', "if-modified-since": same }, "200"],
    [{ "if-modified-since": same }, "304"],
    [{ "if-modified-since": later }, "304"],
    [{ "if-modified-since": earlier }, "200"],
    [{ "if-modified-since": "yesterday" }, "200"],
    [{ "if-match": '"a1"' }, "200"],
    [{ "if-match": "*" }, "200"],
    [{ "if-match": '"b"' }, "412"],
    [{ "if-match": 'W/"a1"' }, "412"],
    [{ "if-unmodified-since": same }, "200"],
    [{ "if-unmodified-since": earlier }, "412"],
    [{ "if-range": '"a1"', range: "bytes=0-9" }, "206 bytes 0-9/100"],
    [{ "if-range": '"b"', range: "bytes=0-9" }, "200"],
    [{ "if-range": same, range: "bytes=0-9" }, "206 bytes 0-9/100"],
    [{ "if-range": later, range: "bytes=0-9" }, "200"],
    [{ "if-range": "never", range: "bytes=0-9" }, "200"],
  ])("%j", (headers, expected) => {
    expect(reply(headers)).toBe(expected);
  });
});

test("types go by the last suffix, in any case", () => {
  expect(typeByName("a/initrd.tar.GZ")).toBe("application/gzip");
  expect(typeByName("vmlinuz")).toBeUndefined();
  expect(typeByName("x.constructor")).toBeUndefined();
});

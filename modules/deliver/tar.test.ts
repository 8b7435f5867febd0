import fc from "fast-check";
import { expect, test } from "vitest";
import { tar } from "./tar.ts";

const entry = fc.record({
  name: fc.stringMatching(/^[a-z0-9][a-z0-9./-]{0,90}$/),
  mode: fc.integer({ min: 0, max: 0o777 }),
  contents: fc.uint8Array({ maxLength: 2000 }).map((bytes) => Buffer.from(bytes)),
});

/** Reads as POSIX describes ustar, and checks every header's sum. */
function untar(archive: Buffer): { name: string; mode: number; contents: Buffer }[] {
  const entries = [];
  let at = 0;
  while (archive[at] !== 0) {
    const header = archive.subarray(at, at + 512);
    const text = (from: number, length: number) =>
      header
        .subarray(from, from + length)
        .toString("latin1")
        .replace(/\0.*/s, "");
    const blanked = Buffer.from(header).fill(" ", 148, 156);
    expect(Number.parseInt(text(148, 8), 8)).toBe(blanked.reduce((sum, byte) => sum + byte));
    expect(header.subarray(257, 265).toString("latin1")).toBe("ustar\x0000");
    expect([text(108, 8), text(116, 8), text(136, 12)].map((field) => Number.parseInt(field, 8))).toEqual([
      0, 0, 0,
    ]);
    const size = Number.parseInt(text(124, 12), 8);
    const contents = archive.subarray(at + 512, at + 512 + size);
    entries.push({ name: text(0, 100), mode: Number.parseInt(text(100, 8), 8), contents });
    at += 512 + Math.ceil(size / 512) * 512;
  }
  expect(archive.subarray(at)).toEqual(Buffer.alloc(1024));
  return entries;
}

test("what goes in comes out, to the end mark", () => {
  fc.assert(
    fc.property(fc.array(entry, { maxLength: 8 }), (entries) => {
      const archive = tar(entries);
      expect(archive.length % 512).toBe(0);
      expect(untar(archive)).toEqual(entries);
      expect(tar(entries)).toEqual(archive);
    }),
    { numRuns: 30 },
  );
});

test("a name that does not fit is refused", () => {
  const of = (name: string) => () => tar([{ name, mode: 0o600, contents: Buffer.alloc(0) }]);
  expect(of("a".repeat(100))).not.toThrow();
  expect(of("a".repeat(101))).toThrow(/more than 100 bytes/);
});

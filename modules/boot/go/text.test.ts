import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bytesOf, compareBytes, lower, textOf, upper } from "./text.ts";

describe("text of bytes", () => {
  it("gives the same bytes back, whatever they are", () => {
    const byte = fc.oneof(
      fc.integer({ min: 0, max: 255 }),
      fc.constantFrom(0xc3, 0xa9, 0xed, 0xa0, 0xf0, 0x9f),
    );
    fc.assert(
      fc.property(fc.array(byte, { maxLength: 40 }), (bytes) => {
        expect([...bytesOf(textOf(Uint8Array.from(bytes)))]).toEqual(bytes);
      }),
      { numRuns: 3000 },
    );
  });

  it("orders as the bytes do", () => {
    const any = fc.uint8Array({ maxLength: 6 });
    fc.assert(
      fc.property(any, any, (a, b) => {
        expect(compareBytes(textOf(a), textOf(b))).toBe(Buffer.compare(a, b));
      }),
      { numRuns: 3000 },
    );
  });
});

describe("case", () => {
  it.each([
    ["straße", "STRAßE", "straße"],
    ["ᾳ", "ᾼ", "ᾳ"],
    ["İ", "İ", "i"],
    ["\u{10428}", "\u{10400}", "\u{10428}"],
    ["a\udcff", "A\ufffd", "a\ufffd"],
  ])("of %j changes letter by letter", (text, up, low) => {
    expect(upper(text)).toBe(up);
    expect(lower(text)).toBe(low);
  });
});

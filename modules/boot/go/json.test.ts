import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatNumber, parseJson, writeJson } from "./json.ts";
import { jsonError } from "./json-error.ts";

const read = (text: string) => parseJson(Buffer.from(text));

describe("JSON as Go reads it", () => {
  it.each([
    ["", "unexpected end of JSON input"],
    ["{", "unexpected end of JSON input"],
    ['{"a":1,}', "invalid character '}' looking for beginning of object key string"],
    ['{"a"1}', "invalid character '1' after object key"],
    ['{"a":1 2}', "invalid character '2' after object key:value pair"],
    ["[1 2]", "invalid character '2' after array element"],
    ["nul", "invalid character ' ' in literal null (expecting 'l')"],
    ["01", "invalid character '1' after top-level value"],
    ["-", "invalid character ' ' in numeric literal"],
    ["1.x", "invalid character 'x' after decimal point in numeric literal"],
    ["1e", "invalid character ' ' in exponent of numeric literal"],
    ['"\\q"', "invalid character 'q' in string escape code"],
    ['"\\u12g"', "invalid character 'g' in \\u hexadecimal character escape"],
    ['"\n"', "invalid character '\\n' in string literal"],
    ["\ufeff1", "invalid character 'ï' looking for beginning of value"],
  ])("%j is refused: %s", (text, message) => {
    expect(() => read(text)).toThrow(expect.objectContaining({ code: "json-broken", message }));
  });

  it("refuses what JSON.parse refuses, and nothing else", () => {
    const piece = fc.constantFrom(...'{}[]:,"\\-.0e+tu '.split(""), "true", "null", '"a"', "\\u00e9");
    fc.assert(
      fc.property(
        fc.oneof(
          fc.json(),
          fc.array(piece, { maxLength: 8 }).map((all) => all.join("")),
        ),
        (text) => {
          let valid = true;
          try {
            JSON.parse(text);
          } catch {
            valid = false;
          }
          expect(jsonError(Buffer.from(text)) === undefined).toBe(valid);
        },
      ),
      { numRuns: 5000 },
    );
  });

  it("bears what is deep, and what is out of range", () => {
    expect(() => read("[".repeat(200_000))).toThrow(expect.objectContaining({ code: "json-broken" }));
    expect(() => read(`${"[".repeat(200_000)}${"]".repeat(200_000)}`)).toThrow(
      expect.objectContaining({ code: "json-broken" }),
    );
    expect(() => read("1e999")).toThrow(expect.objectContaining({ code: "json-broken" }));
    expect(read('"\\ud800"')).toBe("\ufffd");
    expect(Object.keys(read('{"__proto__":1}') as object)).toEqual(["__proto__"]);
  });
});

describe("JSON as Go writes it", () => {
  it("can be read again", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom("", "\t"), (value, indent) => {
        const json = JSON.parse(JSON.stringify(value));
        expect(JSON.parse(writeJson(json, indent))).toEqual(json);
      }),
    );
  });

  it("is sorted, and safe in HTML", () => {
    expect(writeJson({ b: "<&>\u2028", a: [-0, 1e21], c: {} })).toBe(
      '{"a":[-0,1e+21],"b":"\\u003c\\u0026\\u003e\\u2028","c":{}}',
    );
    expect(writeJson({ b: [1], a: {} }, "\t", () => false)).toBe('{\n\t"b": [\n\t\t1\n\t],\n\t"a": {}\n}');
  });
});

it.each([
  [0, "0"],
  [-0, "-0"],
  [1, "1"],
  [-1.5, "-1.5"],
  [999999, "999999"],
  [1e6, "1e+06"],
  [1234567.5, "1.2345675e+06"],
  [0.0001, "0.0001"],
  [0.00001, "1e-05"],
  [1e100, "1e+100"],
  [5e-324, "5e-324"],
])("%d is printed as %s", (value, text) => {
  expect(formatNumber(value)).toBe(text);
});

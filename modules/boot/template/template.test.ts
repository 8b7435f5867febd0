import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LandfallError } from "../../spec/error.ts";
import { checkTemplate, type Dict, renderTemplate } from "./index.ts";

describe("a template", () => {
  test("is filled with metadata, the selector and the request", () => {
    const request = { query: new Map([["mac", "52:54:00:a1:9c:ae"]]), raw_query: "mac=52-54-00-a1-9c-ae" };
    const data = { name: "node-1", os: "installed", request };
    const text = "{{.name}} {{.os}} {{.request.query.mac}} {{.request.raw_query}}";
    expect(renderTemplate(text, data)).toBe("node-1 installed 52:54:00:a1:9c:ae mac=52-54-00-a1-9c-ae");
  });

  test("that is wrong is refused with the place and the reason", () => {
    expect(checkTemplate("a\n  {{ .x | lower }}")).toBe('line 2, column 11: function "lower" not defined');
    expect(checkTemplate("{{if .x}}")).toMatch(/^line 1, column 10: .*\{\{end\}\} is missing$/);
    expect(checkTemplate("{{ .x }}")).toBeUndefined();
  });

  test.each([
    ["{{call .x}}", /"call" is not supported/],
    ["{{1+2i}}", /complex/],
    ["{{0x1p4}}", /not supported/],
    ["{{1_000}}", /not supported/],
    ["{{9223372036854775808}}", /overflows int/],
    ['{{printf "%#v" .}}', /"%#" is not supported/],
    ['{{printf "%*d" 1 2}}', /"%\*" is not supported/],
    ['{{printf "%[1]d" 1}}', /"%\[" is not supported/],
    ['{{printf "%T" .}}', /"%T" is not supported/],
    ['{{printf "%05s" .}}', /numbers only/],
    ['{{printf "%99999d" 1}}', /up to 10000/],
    ["{{if .}}".repeat(101) + "{{end}}".repeat(101), /more than 100 levels/],
    [`{{${"(".repeat(200)}1${")".repeat(200)}}}`, /more than 100 levels/],
    ["{{$a := 1}}".repeat(1_001), /more than 1000 variables/],
    [`{{${"1".repeat(101)}}}`, /number so long/],
    ["a".repeat(1024 * 1024 + 1), /longer than/],
  ])("outside the subset is refused: %s", (text, reason) => {
    expect(checkTemplate(text)).toMatch(reason);
    expect(() => renderTemplate(text, {})).toThrow(LandfallError);
  });
});

describe("any text", { timeout: 60_000 }, () => {
  test("is taken or refused, and rendered or failed, as an error of ours", () => {
    const piece = fc.oneof(
      fc.constantFrom(
        "{{",
        "}}",
        "{{-",
        "-}}",
        "if",
        "else",
        "end",
        "range",
        "define",
        "(",
        ")",
        "|",
        ":=",
        "$a",
        ".a",
      ),
      fc.constantFrom(" ", '"', "`", "'", "1", "print", "printf", "%d", "\\", "/*", "*/", "\n", ","),
      fc.string({ unit: "binary", maxLength: 4 }),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
        const text = pieces.join("");
        if (checkTemplate(text) !== undefined) return;
        try {
          renderTemplate(text, { a: [1, "x"] });
        } catch (error) {
          expect(error).toBeInstanceOf(LandfallError);
        }
      }),
      { seed: 4, numRuns: 10_000 },
    );
  });

  test.each([
    ["spaces before a trim marker", `${`x${" ".repeat(900_000)}`}y{{- 1}}`],
    ["a long string", `{{"${"\\n".repeat(500_000)}"}}`],
    ["many actions", "{{1}}".repeat(100_000)],
    ["many declarations and uses", `${"{{$a := 1}}".repeat(990)}${"{{$b = $a}}".repeat(90_000)}`],
    ["many opened comments", "{{/*".repeat(250_000)],
    ["many formats", `{{printf "${"%d".repeat(490_000)}"}}`],
  ])("with %s is judged soon", (_, text) => {
    const start = process.cpuUsage();
    checkTemplate(text);
    const { user, system } = process.cpuUsage(start);
    expect((user + system) / 1e6).toBeLessThan(5);
  });
});

describe("a rendering", { timeout: 60_000 }, () => {
  const failure = (text: string, data: Dict = {}) => {
    try {
      return renderTemplate(text, data);
    } catch (error) {
      if (error instanceof LandfallError) return `${error.code}: ${error.message}`;
      throw error;
    }
  };

  test.each([
    ["{{.x}}", 'template-failed: map has no entry for key "x"'],
    ["{{.constructor}}", 'template-failed: map has no entry for key "constructor"'],
    ["{{.__proto__}}", 'template-failed: map has no entry for key "__proto__"'],
    ['{{index . "toString"}}', "<no value>"],
    ['{{index "abc" 1}}', "template-failed: index of a string is not supported: use slice"],
    ['{{"%x" | printf 1.5}}', "template-failed: wrong type for the format of printf; expected string"],
    ['{{1.5 | printf "%x"}}', "template-failed: printf %x of a number that is no int is not supported"],
    ['{{$f := "%p"}}{{printf $f 1}}', /not supported; verbs are/],
  ])("of %s ends as it should", (text, expected) => {
    expect(failure(text)).toMatch(expected);
  });

  test.each([
    ["{{range 1000000000}}{{end}}", /more than 1000000 steps/],
    ["{{range 9223372036854775807}}{{range 9223372036854775807}}{{end}}{{end}}", /more than 1000000 steps/],
    ['{{define "x"}}{{template "x"}}{{end}}{{template "x"}}', /more than 100 templates call one another/],
    [
      '{{define "x"}}{{template "x"}}{{template "x"}}{{end}}{{template "x"}}',
      /more than 100 templates call one another/,
    ],
    ['{{$s := "0123456789"}}{{range 64}}{{$s = print $s $s}}{{end}}', /more than 4194304 characters/],
    ['{{range 1000000}}{{printf "%10000d" 1}}{{end}}', /more than/],
    ['{{$s := .long}}{{range 1000000}}{{if eq $s "x"}}{{end}}{{len $s}}{{end}}', /more than/],
    ["{{range 1000000}}{{len .}}{{$}}{{end}}", /more than|len of int/],
    ['{{range 1000000}}{{printf "%.1s" $.long}}{{end}}', /more than/],
    ["{{range 1000000}}{{slice $.long 1}}{{end}}", /more than/],
    ["{{range 1000000}}{{if lt $.long $.long}}{{end}}{{end}}", /more than/],
    ["{{range 1000000}}{{range $.many}}{{break}}{{end}}{{end}}", /more than/],
    ["{{range 1000000}}{{len $.wide}}{{if $.wide}}{{end}}{{end}}", /more than/],
    ["{{range 1000000}}{{range $.wide}}{{break}}{{end}}{{end}}", /more than/],
    ["{{range 1000000}}{{$x := urlquery $.long}}{{end}}", /more than/],
  ])("that would not end, or grow, is stopped soon: %s", (text, reason) => {
    const long = "x".repeat(1024 * 1024);
    const many = Array.from({ length: 10_000 }, () => 1);
    const wide = Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`key${i}`, 1]));
    const start = process.cpuUsage();
    expect(failure(text, { long, many, wide })).toMatch(reason);
    const { user, system } = process.cpuUsage(start);
    expect((user + system) / 1e6).toBeLessThan(10);
  });
});

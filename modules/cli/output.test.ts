import { describe, expect, it } from "vitest";
import { LandfallError } from "../spec/error.ts";
import { formatError, table } from "./output.ts";

describe("an error", () => {
  const error = new LandfallError("machine-silent", "m2 is silent", {
    found: "nothing\nat all",
    next: "see its console",
  });

  it("says what was found and what to do next, each in its place", () => {
    expect(formatError(error, false)).toBe(
      [
        "error: m2 is silent",
        "  found:    nothing",
        "            at all",
        "  next:     see its console",
      ].join("\n"),
    );
  });

  it("moves no cursor, whatever was found", () => {
    const hostile = new LandfallError("x", "m2\u001b[2J is silent", { found: "a\r\nb\u0007" });
    expect(formatError(hostile, false)).toBe("error: m2 [2J is silent\n  found:    a \n            b ");
  });

  it("is the same for scripts", () => {
    expect(JSON.parse(formatError(error, true))).toEqual({
      error: {
        code: "machine-silent",
        message: "m2 is silent",
        found: "nothing\nat all",
        next: "see its console",
      },
    });
  });

  it("keeps its stack when it is ours to mend", () => {
    expect(formatError(new TypeError("oops"), false)).toMatch(/^error: TypeError: oops\n\s+at /);
  });
});

describe("a table", () => {
  it("lines up its columns and leaves no blanks at the end", () => {
    expect(
      table([
        ["NAME", "POWER"],
        ["m1", "on"],
        ["worker", ""],
      ]),
    ).toBe("NAME    POWER\nm1      on\nworker");
  });
});

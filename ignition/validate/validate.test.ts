import { describe, expect, it } from "vitest";
import { handWritten } from "../test/cases.ts";
import { validate } from "./index.ts";

describe("validate", () => {
  it.each(handWritten)("$title", ({ text, errors }) => {
    const verdict = validate(text);
    const found = verdict.valid ? [] : verdict.errors.map(({ path, message }) => `${path}: ${message}`);
    expect(found.sort()).toEqual(errors);
    expect(verdict.valid).toBe(errors.length === 0);
  });
});

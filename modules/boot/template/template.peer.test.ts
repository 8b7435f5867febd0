// Every template is rendered by Go's text/template too, with the data and options that Matchbox gives to it.
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { LandfallError } from "../../spec/error.ts";
import { textOf } from "../go/text.ts";
import { data, handWritten, longer, metadata, query, randomTemplates, rawQuery, selector } from "./cases.ts";
import { checkTemplate, renderTemplate } from "./index.ts";

const generated = 20_000;
const seed = 4;
type Answer =
  | { readonly refused: true }
  | { readonly failed: true }
  | { readonly text: string }
  | { readonly unsupported: true };

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "landfall-template-"));
  copyFileSync(new URL("testdata/render.go", import.meta.url), join(folder, "main.go"));
  writeFileSync(join(folder, "go.mod"), "module render\n\ngo 1.24\n");
  execFileSync("go", ["build", "-o", "render", "."], { cwd: folder, env: { ...process.env, GOFLAGS: "" } });
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true }));

function askGo(texts: readonly string[]): Answer[] {
  const common = { metadata, selector, query: Object.fromEntries(query), rawQuery };
  const lines = texts.map((text) => `${JSON.stringify({ text, ...common })}\n`).join("");
  const said = execFileSync(join(folder, "render"), { input: lines, encoding: "utf8", maxBuffer: 2 ** 30 });
  return said
    .trimEnd()
    .split("\n")
    .map((line): Answer => {
      const { refused, failed, text } = JSON.parse(line);
      return refused !== undefined
        ? { refused: true }
        : failed !== undefined
          ? { failed: true }
          : { text: textOf(Buffer.from(text, "base64")) };
    });
}

function ours(text: string): Answer {
  const refused = checkTemplate(text);
  if (refused !== undefined)
    return refused.includes("not supported") ? { unsupported: true } : { refused: true };
  try {
    return { text: renderTemplate(text, data) };
  } catch (error) {
    if (!(error instanceof LandfallError)) throw error;
    return error.message.includes("not supported") ? { unsupported: true } : { failed: true };
  }
}

/** Stops at the first difference. What is not supported here may be anything to Go. */
function compare(texts: readonly string[]) {
  const count = { text: 0, failed: 0, refused: 0, unsupported: 0 };
  const said = askGo(texts);
  texts.forEach((text, index) => {
    const answer = ours(text);
    const kind = Object.keys(answer)[0] as keyof typeof count;
    count[kind] += 1;
    if (kind !== "unsupported")
      expect({ template: text, ...answer }).toEqual({ template: text, ...said[index] });
  });
  return count;
}

test("templates written by hand come out as Go renders them", () => {
  const count = compare([...handWritten, ...longer]);
  expect(count.text).toBeGreaterThan(120);
  expect(count.failed).toBeGreaterThan(60);
  expect(count.refused).toBeGreaterThan(80);
  expect(count.unsupported).toBeLessThan(10);
});

test(`so do ${generated} templates put together at random (seed ${seed})`, () => {
  const count = compare(randomTemplates(seed, generated));
  expect(count.text).toBeGreaterThan(generated / 4);
  expect(count.unsupported).toBeLessThan(generated / 50);
  console.log(`Go's text/template agreed on ${generated} random templates: ${JSON.stringify(count)}`);
});

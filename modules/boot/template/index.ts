// Generic configs are Go templates. Here: the subset that docs/reference/boot-templates.md lists, as Matchbox renders it.
import { LandfallError } from "../../spec/error.ts";
import { execute } from "./execute.ts";
import { Refusal } from "./lex.ts";
import { parse } from "./parse.ts";
import type { Templates } from "./tree.ts";
import type { Dict } from "./value.ts";

export type { Data, Dict } from "./value.ts";

/** Characters of a template. */
const maxTemplate = 1024 * 1024;

/** Why a template is refused, as `line 3, column 5: undefined variable "$x"`; undefined where it is not. */
export function checkTemplate(text: string): string | undefined {
  const parsed = tryParse(text);
  return typeof parsed === "string" ? parsed : undefined;
}

/**
 * @param text, and the strings of `data`: as ../go/text.ts holds bytes
 * @throws {LandfallError} `template-refused`; `template-failed`: a key is missing, types do not fit, or a limit is met.
 *   Matchbox answers 404 then.
 */
export function renderTemplate(text: string, data: Dict): string {
  const parsed = tryParse(text);
  if (typeof parsed === "string")
    throw new LandfallError("template-refused", parsed, { next: "see docs/reference/boot-templates.md" });
  return execute(parsed, data);
}

function tryParse(text: string): Templates | string {
  if (text.length > maxTemplate) return `the template is longer than ${maxTemplate} characters`;
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const before = text.slice(0, error.at).split("\n");
    return `line ${before.length}, column ${before.at(-1)!.length + 1}: ${error.message}`;
  }
}

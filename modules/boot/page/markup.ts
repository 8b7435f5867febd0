import { html } from "hono/html";
import type { HtmlEscapedString } from "hono/utils/html";

export type Markup = HtmlEscapedString;

/** HTML in which everything that is filled in is escaped, but for markup made by this function. */
export function markup(strings: TemplateStringsArray, ...values: unknown[]): Markup {
  // A promise comes of promises only, and none is filled in.
  return html(strings, ...values.map(visible)) as Markup;
}

/**
 * Characters that change how the text around them is shown (controls, marks of direction) become U+FFFD: names and
 * consoles come from the network.
 */
function visible(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(visible);
  if (typeof value !== "string") return value;
  return value.replace(
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/g,
    "\ufffd",
  );
}

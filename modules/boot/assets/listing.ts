// A folder as a page, as Go's http.FileServer writes it.

import { escapeHtml } from "../go/html.ts";
import { textOf } from "../go/text.ts";
import { escapePath } from "../http/path.ts";
import type { Listed } from "./file.ts";

export function listingPage(entries: readonly Listed[]): Buffer {
  const lines = entries.map(({ name, folder }) => {
    const shown = Buffer.concat([name, Buffer.from(folder ? "/" : "")]);
    const path = escapePath(textOf(shown));
    // A colon would make a scheme of what stands before it.
    const link = path.split("/", 1)[0]!.includes(":") ? `./${path}` : path;
    return [
      Buffer.from(`<a href="${link.replaceAll("&", "&amp;")}">`),
      Buffer.from(escapeHtml(shown.toString("latin1")), "latin1"),
      Buffer.from("</a>\n"),
    ];
  });
  return Buffer.concat([
    Buffer.from('<!doctype html>\n<meta name="viewport" content="width=device-width">\n<pre>\n'),
    ...lines.flat(),
    Buffer.from("</pre>\n"),
  ]);
}

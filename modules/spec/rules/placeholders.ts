// What stands in braces in a command of the user's own.
import type { Path } from "../document.ts";
import { didYouMean } from "../suggest.ts";
import type { Report, WrittenFile } from "./types.ts";

/** A placeholder that is misspelt would reach the command as it stands, and might name something else. */
export function checkPlaceholders(
  file: WrittenFile,
  path: Path,
  argv: readonly (string | undefined)[] | undefined,
  known: readonly string[],
  report: Report,
): void {
  argv?.forEach((word, index) => {
    for (const [shown, name = ""] of word?.matchAll(/\{([A-Za-z]+)\}/g) ?? []) {
      if (known.includes(name)) continue;
      const expected = `expected ${known.length === 1 ? "" : "one of "}${known.map((each) => `{${each}}`).join(", ")}`;
      report(
        file,
        [...path, index],
        `found the unknown placeholder ${shown}, ${expected}${didYouMean(name, known)}`,
      );
    }
  });
}

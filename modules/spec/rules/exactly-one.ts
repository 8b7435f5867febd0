import type { Path } from "../document.ts";
import type { Report, WrittenFile } from "./types.ts";

/** A map that says the same in several ways: one of them counts, and has to be chosen. */
export function exactlyOne(
  file: WrittenFile,
  path: Path,
  written: object | undefined,
  keys: readonly string[],
  report: Report,
): void {
  if (written === undefined) return;
  const kinds = Object.keys(written).filter((kind) => keys.includes(kind));
  const expected = `expected exactly one of ${keys.join(", ")}`;
  if (kinds.length === 0) report(file, path, `found none, ${expected}`);
  else if (kinds.length > 1)
    report(file, [...path, kinds[1]!], `found ${kinds.join(" and ")}, ${expected}`, "key");
}

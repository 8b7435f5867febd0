import type { Path } from "../document.ts";
import { type Report, type WrittenFile, where } from "./types.ts";

export interface Occurrence {
  readonly file: WrittenFile;
  readonly path: Path;
  /** What must not come twice, in one spelling; undefined could not be read. */
  readonly key: string | undefined;
  /** As the message calls it: `the MAC 52:54:00:12:34:56`. */
  readonly shown: string;
}

/** Reports each occurrence but the first, naming the first one's place. */
export function reportRepeats(occurrences: readonly Occurrence[], expected: string, report: Report): void {
  const first = new Map<string, Occurrence>();
  for (const occurrence of occurrences) {
    if (occurrence.key === undefined) continue;
    const before = first.get(occurrence.key);
    if (before === undefined) first.set(occurrence.key, occurrence);
    else {
      const place = where(before.file, before.path);
      report(
        occurrence.file,
        occurrence.path,
        `found ${occurrence.shown} again (first at ${place}), expected ${expected}`,
      );
    }
  }
}

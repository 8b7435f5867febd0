// Rules of `replacement.archive`.
import { reportRepeats } from "./repeats.ts";
import type { ClusterFile, Report } from "./types.ts";

/** Keys are written in plain only where somebody says so, and then for nobody in particular. */
export function checkArchive(file: ClusterFile, report: Report): void {
  const archive = file.partial.replacement?.archive;
  if (archive === undefined) return;
  const path = ["replacement", "archive"];
  // What is written and wrong has been complained of: it is there all the same.
  const [named, open] = ["recipients", "encrypt"].map((key) => Object.hasOwn(archive, key));
  const expected = "expected one of recipients: [age1...], encrypt: false";
  if (named && open) report(file, [...path, "encrypt"], `found it beside recipients, ${expected}`);
  if (!named && !open) report(file, path, `found neither, ${expected}`);
  reportRepeats(
    (archive.recipients ?? []).map((recipient, index) => ({
      file,
      path: [...path, "recipients", index],
      key: recipient,
      shown: `the recipient ${recipient}`,
    })),
    "each recipient once",
    report,
  );
}

import { validate } from "./index.ts";

/** A file's name, as it is to be printed, and what is in it. */
export interface NamedText {
  readonly name: string;
  readonly text: string | Uint8Array;
}

/** What `landfall ignition validate` prints, a line a file: `NAME: valid` or `NAME: invalid: REASON`. */
export function validateFiles(files: readonly NamedText[]): { lines: string[]; valid: boolean } {
  const verdicts = files.map(({ name, text }) => ({ name, verdict: validate(text) }));
  return {
    lines: verdicts.map(({ name, verdict }) =>
      verdict.valid ? `${name}: valid` : `${name}: invalid: ${verdict.reason}`,
    ),
    valid: verdicts.every(({ verdict }) => verdict.valid),
  };
}

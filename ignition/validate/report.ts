import type { Path } from "./decode.ts";

/** Something wrong, or odd, at a place in a config. */
export interface Finding {
  /** From the root: `$.storage.files.0.path`. */
  readonly path: string;
  readonly message: string;
  /** From 1; of the deepest value that the text has on the way to `path`. */
  readonly line: number;
  /** From 1, in bytes. */
  readonly column: number;
}

export interface Entry {
  readonly path: Path;
  readonly message: string;
}

/** What the rules find. */
export class Report {
  readonly errors: Entry[] = [];
  readonly warnings: Entry[] = [];

  /** Nothing happens where there is no message. */
  error(path: Path, message: string | undefined): void {
    if (message !== undefined) this.errors.push({ path, message });
  }

  /** Nothing happens where there is no message. */
  warn(path: Path, message: string | undefined): void {
    if (message !== undefined) this.warnings.push({ path, message });
  }
}

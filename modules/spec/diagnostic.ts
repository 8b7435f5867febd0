// What is wrong with a file, and where: the only form in which modules/spec complains about what people wrote.
import { LandfallError } from "./error.ts";

/** One thing to mend. Lines and columns count from 1; columns count UTF-16 units, as editors do. */
export interface Diagnostic {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

/** `file:line:col: MESSAGE`, which editors and terminals turn into a link. */
export function formatDiagnostic({ file, line, column, message }: Diagnostic): string {
  return `${file}:${line}:${column}: ${message}`;
}

/** By file, then position, then text; the same complaint at the same place once. */
export function sortDiagnostics(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  const sorted = [...diagnostics].sort(
    (a, b) => order(a.file, b.file) || a.line - b.line || a.column - b.column || order(a.message, b.message),
  );
  return sorted.filter((d, i) => i === 0 || formatDiagnostic(d) !== formatDiagnostic(sorted[i - 1]!));
}

/** Every diagnostic of every file, as an error with code `files-invalid`. */
export class InvalidFilesError extends LandfallError {
  readonly diagnostics: readonly Diagnostic[];

  constructor(diagnostics: readonly Diagnostic[]) {
    super("files-invalid", diagnostics.map(formatDiagnostic).join("\n"), {
      found: `${diagnostics.length} ${diagnostics.length === 1 ? "mistake" : "mistakes"}`,
      next: "Mend them and run the same command again; nothing was touched.",
    });
    this.name = "InvalidFilesError";
    this.diagnostics = diagnostics;
  }
}

/** Code-unit order: the same on every machine, whatever its locale. */
export function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

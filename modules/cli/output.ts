// How the command speaks. Results go to stdout, everything else to stderr.
import { LandfallError } from "../spec/error.ts";

/** Exit codes of every command. */
export const exit = { ok: 0, failed: 1, usage: 2, interrupted: 130 } as const;

/** What was found, what was expected, what to do next; for scripts the same as JSON. */
export function formatError(error: unknown, json: boolean): string {
  if (json) return JSON.stringify({ error: errorObject(error) });
  // What was found may be what somebody else's program said: none of it moves a terminal's cursor.
  return errorText(error).replaceAll(/[^\P{C}\n\t]+/gu, " ");
}

function errorText(error: unknown): string {
  if (!(error instanceof LandfallError)) {
    return `error: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
  }
  const { found, expected, next } = error.details;
  const rows = Object.entries({ found, expected, next }).filter(([, text]) => text !== undefined);
  // Mistakes in files begin with their place, which terminals and editors make a link of.
  const title = "diagnostics" in error ? error.message : `error: ${error.message}`;
  return [
    title,
    ...rows.map(
      ([name, text]) => `  ${`${name}:`.padEnd(10)}${String(text).replaceAll("\n", `\n${" ".repeat(12)}`)}`,
    ),
  ].join("\n");
}

function errorObject(error: unknown): Record<string, unknown> {
  if (!(error instanceof LandfallError)) return { code: "internal", message: String(error) };
  const { found, expected, next } = error.details;
  const diagnostics = "diagnostics" in error ? { diagnostics: error.diagnostics } : {};
  return { code: error.code, message: error.message, found, expected, next, ...diagnostics };
}

export function printJson(value: unknown): undefined {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}

/** Columns as wide as their widest cell, two spaces apart. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = rows.reduce<number[]>(
    (widest, row) => row.map((cell, column) => Math.max(cell.length, widest[column] ?? 0)),
    [],
  );
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

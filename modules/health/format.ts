import type { Result } from "./check.ts";

/** Evidence quotes what programs wrote: none of it moves a terminal's cursor. */
const harmless = (text: string) => text.replaceAll(/[\p{C}\p{Zl}\p{Zp}]+/gu, " ");

/** One line a condition, aligned; failures say what was expected too. */
export function formatResults(results: readonly Result[]): string {
  const width = Math.max(0, ...results.map(({ name }) => name.length));
  return results
    .map(({ ok, name, describe, evidence }) => {
      const line = `${ok ? "✔" : "✖"} ${name.padEnd(width)}  ${harmless(evidence)}`;
      return ok ? line : `${line}\n  ${" ".repeat(width)}  expected: ${describe}`;
    })
    .join("\n");
}

/** The shape of `landfall status --json`. */
export interface HealthReport {
  readonly cluster: string;
  readonly healthy: boolean;
  readonly conditions: readonly {
    readonly name: string;
    readonly ok: boolean;
    readonly describe: string;
    readonly evidence: string;
  }[];
}

export function healthReport(cluster: string, results: readonly Result[]): HealthReport {
  return {
    cluster,
    healthy: results.length > 0 && results.every(({ ok }) => ok),
    conditions: results.map(({ name, ok, describe, evidence }) => ({ name, ok, describe, evidence })),
  };
}

// What benches measure, and how it is shown.

export interface Measure {
  readonly name: string;
  /** As `s`, `MiB`; empty for a ratio. */
  readonly unit: string;
  /** One for each run, in order. */
  readonly values: readonly number[];
  /** What the median must not exceed. Default: nothing is asked. */
  readonly atMost?: number | undefined;
  /** What the median must reach. Default: nothing is asked. */
  readonly atLeast?: number | undefined;
}

export interface Bench {
  readonly name: string;
  readonly measures: readonly Measure[];
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

export function isMet({ values, atMost, atLeast }: Measure): boolean {
  const found = median(values);
  return (atMost === undefined || found <= atMost) && (atLeast === undefined || found >= atLeast);
}

/** In words; empty where nothing is asked. */
function target({ atMost, atLeast, unit }: Measure): string {
  if (atMost !== undefined) return `at most ${format(atMost, unit)}`;
  return atLeast === undefined ? "" : `at least ${format(atLeast, unit)}`;
}

/** A row for each measure: minimum, median, maximum, the target and whether it is met. */
export function table(benches: readonly Bench[]): string {
  const rows = benches.flatMap(({ name, measures }) =>
    measures.map((measure) => [
      name,
      measure.name,
      ...[Math.min(...measure.values), median(measure.values), Math.max(...measure.values)].map((value) =>
        format(value, measure.unit),
      ),
      String(measure.values.length),
      target(measure),
      target(measure) === "" ? "" : isMet(measure) ? "ok" : "MISSED",
    ]),
  );
  return columns([["BENCH", "WHAT", "MIN", "MEDIAN", "MAX", "RUNS", "TARGET", ""], ...rows]);
}

/** Columns as wide as they need to be; the first two are texts, the rest numbers. */
export function columns(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, index) => Math.max(...rows.map((row) => row[index]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, index) => (index < 2 ? cell.padEnd(widths[index]!) : cell.padStart(widths[index]!)))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

export function json(benches: readonly Bench[]): string {
  return JSON.stringify(
    benches.map(({ name, measures }) => ({
      name,
      measures: measures.map((measure) => ({
        ...measure,
        min: Math.min(...measure.values),
        median: median(measure.values),
        max: Math.max(...measure.values),
        ...(target(measure) !== "" && { met: isMet(measure) }),
      })),
    })),
    null,
    2,
  );
}

function format(value: number, unit: string): string {
  const digits = unit.startsWith("MiB") || Math.abs(value) >= 1000 ? 0 : Math.abs(value) < 10 ? 2 : 1;
  return `${value.toFixed(digits)}${unit === "" ? "" : ` ${unit}`}`;
}

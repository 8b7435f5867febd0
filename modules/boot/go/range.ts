// The Range header, as Go's net/http reads it.

export interface ByteRange {
  readonly start: number;
  readonly length: number;
}

/** @returns no range where none was asked for; `bad`: not of this form; `beyond`: none of them is in the file */
export function parseRange(header: string, size: number): readonly ByteRange[] | "bad" | "beyond" {
  if (header === "") return [];
  if (!header.startsWith("bytes=")) return "bad";
  const ranges: ByteRange[] = [];
  let beyond = false;
  for (const each of header.slice("bytes=".length).split(",")) {
    const part = trimmed(each);
    if (part === "") continue;
    const cut = part.indexOf("-");
    if (cut < 0) return "bad";
    const [first, last] = [trimmed(part.slice(0, cut)), trimmed(part.slice(cut + 1))];
    if (first === "") {
      const length = Math.min(last.startsWith("-") ? Number.NaN : int64(last), size);
      if (!(length >= 0)) return "bad";
      ranges.push({ start: size - length, length });
      continue;
    }
    const start = int64(first);
    if (!(start >= 0)) return "bad";
    if (start >= size) {
      beyond = true;
      continue;
    }
    const end = last === "" ? size - 1 : int64(last);
    if (!(start <= end)) return "bad";
    ranges.push({ start, length: Math.min(end, size - 1) - start + 1 });
  }
  return beyond && ranges.length === 0 ? "beyond" : ranges;
}

function trimmed(text: string): string {
  return text.replaceAll(/^[ \t\r\n]+|[ \t\r\n]+$/g, "");
}

/** As strconv.ParseInt; NaN where that fails. */
function int64(text: string): number {
  if (!/^[+-]?\d+$/.test(text)) return Number.NaN;
  const value = BigInt(text.replace("+", ""));
  return value >= -(2n ** 63n) && value < 2n ** 63n ? Number(value) : Number.NaN;
}

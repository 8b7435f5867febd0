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
    if (each.trim() === "") continue;
    const match = /^\s*(\d*)\s*-\s*(\d*)\s*$/.exec(each);
    if (match === null || (match[1] === "" && match[2] === "")) return "bad";
    if (match[1] === "") {
      const length = Math.min(Number(match[2]), size);
      ranges.push({ start: size - length, length });
      continue;
    }
    const start = Number(match[1]);
    const end = match[2] === "" ? size - 1 : Number(match[2]);
    if (start >= size) beyond = true;
    else if (start > end) return "bad";
    else ranges.push({ start, length: Math.min(end, size - 1) - start + 1 });
  }
  return beyond && ranges.length === 0 ? "beyond" : ranges;
}

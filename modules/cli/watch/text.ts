// Text on a terminal: how wide it is, and that it moves no cursor. Pure.

/** What comes from machines obeys nobody here: no control characters, no marks of direction. */
export function harmless(text: string): string {
  return text.replaceAll(/[\p{C}\p{Zl}\p{Zp}]+/gu, " ");
}

const wide =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u;

export function width(text: string): number {
  let columns = 0;
  for (const character of text) columns += /\p{M}/u.test(character) ? 0 : wide.test(character) ? 2 : 1;
  return columns;
}

/** Exactly so many columns: cut with `…`, or filled with spaces. */
export function fit(text: string, columns: number): string {
  const clean = harmless(text);
  const all = width(clean);
  if (all <= columns) return clean + " ".repeat(columns - all);
  let cut = "";
  for (const character of clean) {
    if (width(cut + character) > columns - 1) break;
    cut += character;
  }
  return `${cut}…${" ".repeat(Math.max(0, columns - 1 - width(cut)))}`.slice(
    0,
    columns === 0 ? 0 : undefined,
  );
}

/** Lines of at most so many columns, broken between words; no more lines than `most`. */
export function wrap(text: string, columns: number, most: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of harmless(text).split(" ")) {
    if (line !== "" && width(line) + 1 + width(word) > columns) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  lines.push(line);
  const shown = lines.slice(0, most).map((each) => fit(each, columns).trimEnd());
  if (lines.length > most) shown[most - 1] = fit(`${lines[most - 1]} …………`, columns).trimEnd();
  return shown;
}

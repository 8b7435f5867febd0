/** Numbers in [0, 1) that are the same for the same seed (mulberry32). */
export function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

const oddValues: readonly Json[] = [
  null,
  true,
  false,
  0,
  -1,
  1,
  2,
  1.5,
  4096,
  2 ** 53,
  "",
  "/",
  "/a",
  "/a/",
  "//a",
  "a",
  "[",
  [],
  {},
  [null],
  ["a", "a"],
  "none",
  "ext4",
  "raid0",
  "gzip",
  "data:,a",
  "data:text/plain;base64,YQ==",
  "https://h/a?b=c#d",
  "arn:aws:s3:::a/b?versionId=",
  "s3://a/b?versionId=;x",
  "http://[::1%25a]:8/",
  "a.service",
  "a@b.service",
  "a@.service",
  "a.conf",
  "[Install]\nA=b\\\n c\n",
];
const letters = '/.%-:=,;@#?[]"\\ \n\raA0zZ_+&~*é\u{1f980}\u007f';

/** One config made odd in one to three ways: its values, its keys, or its very text. */
export function mutate(texts: readonly string[], versions: readonly string[], next: () => number): string {
  let text = pick(texts, next);
  for (let times = 1 + Math.floor(next() * 3); times > 0; times--) text = once(text, texts, versions, next);
  return text;
}

function once(
  text: string,
  texts: readonly string[],
  versions: readonly string[],
  next: () => number,
): string {
  const kind = next();
  if (kind < 0.1) return text.replace(/"3\.\d\.0[^"]*"/, JSON.stringify(pick(versions, next)));
  if (kind < 0.25) return inText(text, next);
  const value = parsed(text);
  if (value === undefined) return inText(text, next);
  const places = containers(value);
  if (places.length === 0) return text;
  change(pick(places, next), () => pick(containers(parsed(pick(texts, next)) ?? {}), next), next);
  const written = JSON.stringify(value);
  return kind < 0.35 ? twiceAKey(written, next) : written;
}

function change(place: Json[] | { [key: string]: Json }, other: () => Json, next: () => number): void {
  const keys = Object.keys(place);
  const key = pick(keys, next);
  const kind = next();
  const values = place as Record<string, Json>;
  const value = values[key]!;
  if (kind < 0.15) {
    if (Array.isArray(place)) place.splice(Number(key), 1);
    else delete place[key];
  } else if (kind < 0.3 && Array.isArray(place)) place.push(structuredClone(value));
  else if (kind < 0.55 && typeof value === "string") values[key] = inText(value, next);
  else if (kind < 0.7) values[key] = values[pick(keys, next)]!;
  else if (kind < 0.8) values[key] = other();
  else if (kind < 0.85 && !Array.isArray(place)) values[inText(key, next)] = value;
  else if (kind < 0.9 && !Array.isArray(place)) values[key.toUpperCase()] = pick(oddValues, next);
  else values[key] = pick(oddValues, next);
}

function inText(text: string, next: () => number): string {
  const at = Math.floor(next() * (text.length + 1));
  const letter = pick([...letters], next);
  const kind = next();
  if (kind < 0.4) return text.slice(0, at) + letter + text.slice(at);
  if (kind < 0.7) return text.slice(0, at) + letter + text.slice(at + 1);
  if (kind < 0.9) return text.slice(0, at) + text.slice(at + 1 + Math.floor(next() * 4));
  return text.slice(0, at) + letter.repeat(Math.floor(next() * 50)) + text.slice(at);
}

/** Puts the start of an object before it once more, with another value: `{"a":{}` becomes `{"a":[1],"a":{}`. */
function twiceAKey(text: string, next: () => number): string {
  const starts = [...text.matchAll(/\{("\w+"):/g)];
  if (starts.length === 0) return text;
  const start = pick(starts, next);
  const value = JSON.stringify(pick(oddValues, next));
  return `${text.slice(0, start.index)}{${start[1]}:${value},${text.slice(start.index + 1)}`;
}

const unitPieces = [
  "[Unit]",
  "[Install]",
  "[",
  "]",
  "\n",
  "\r\n",
  "A=",
  "=",
  "\\\n",
  "\\",
  " ",
  "#",
  ";",
  "\u00a0",
  "\ufeff",
];
const nearTheLimits = [1, 10, 680, 1020, 1024, 2030, 2045, 2047, 2048, 2049, 4094, 4096, 4097];

/** Something like a unit file, with lines about as long as its reader takes, or reads at once. */
export function oddUnit(next: () => number): string {
  const piece = () =>
    next() < 0.3
      ? pick(["x", "é", "\u{1f980}", "x\n", " ", "\n", "A=b\n"], next).repeat(pick(nearTheLimits, next))
      : pick(unitPieces, next);
  return `${next() < 0.7 ? "[Unit]\n" : ""}${Array.from({ length: 1 + Math.floor(next() * 14) }, piece).join("")}`;
}

const urlStarts = [
  "",
  "http://",
  "http://[",
  "http://h?",
  "http:",
  "https://h",
  "tftp:",
  "s3://b?versionId",
  "arn:aws:s3:",
  "data:",
  "data:;",
  "data:text/plain;",
  'data:text/plain;a="',
  "data:;base64,",
];
const urlPieces = [
  ...letters,
  "//",
  "::1",
  "fe80::1",
  "1.2.3.4",
  "8080",
  "%25",
  "%41",
  "%c3",
  "%zz",
  "versionId=",
  "accesspoint/",
  "text",
  "x-",
  "base64",
  "YQ==",
  "YWI=",
];

/** Something like a URL. */
export function oddUrl(next: () => number): string {
  const pieces = Array.from({ length: Math.floor(next() * 9) }, () => pick(urlPieces, next));
  return pick(urlStarts, next) + pieces.join("");
}

function parsed(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}

/** Every list and object with something in it. */
function containers(value: Json): (Json[] | { [key: string]: Json })[] {
  if (value === null || typeof value !== "object") return [];
  const inside = Object.values(value).flatMap(containers);
  return Object.keys(value).length > 0 ? [value, ...inside] : inside;
}

function pick<T>(items: readonly T[], next: () => number): T {
  return items[Math.floor(next() * items.length)]!;
}

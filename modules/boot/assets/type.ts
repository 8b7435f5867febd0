// Content types by a name's end: those of Go's own table that boot assets have. Matchbox adds what the computer's MIME
// database says, which is another on each computer.
const types: Readonly<Record<string, string>> = {
  ".bin": "application/octet-stream",
  ".css": "text/css; charset=utf-8",
  ".csv": "text/csv; charset=utf-8",
  ".exe": "application/octet-stream",
  ".gz": "application/gzip",
  ".htm": "text/html; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".pdf": "application/pdf",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".txt": "text/plain; charset=utf-8",
  ".wasm": "application/wasm",
  ".xml": "text/xml; charset=utf-8",
  ".zip": "application/zip",
};

/** By suffix, in lower case. For nginx.ts. */
export const knownTypes: readonly (readonly [suffix: string, type: string])[] = Object.entries(types);

/** Undefined: its first bytes have to tell. */
export function typeByName(name: string): string | undefined {
  const suffix = /\.[^.]*$/.exec(name)?.[0].toLowerCase() ?? "";
  return Object.hasOwn(types, suffix) ? types[suffix] : undefined;
}

// The content type that Go's net/http gives to bytes without one: the rules of https://mimesniff.spec.whatwg.org/, by
// the first 512 bytes.

const sniffed = 512;
const octets = "application/octet-stream";

/** Marks of a beginning, in the order in which they are tried. `.` in a mask's pattern is any byte. */
const marks: readonly (readonly [RegExp, string])[] = [
  [
    /^[\t\n\f\r ]*<(?:!doctype html|html|head|script|iframe|h1|div|font|table|a|style|title|b|body|br|p|!--)[ >]/i,
    "text/html; charset=utf-8",
  ],
  [/^[\t\n\f\r ]*<\?xml/, "text/xml; charset=utf-8"],
  [/^%PDF-/, "application/pdf"],
  [/^%!PS-Adobe-/, "application/postscript"],
  [/^\xfe\xff../s, "text/plain; charset=utf-16be"],
  [/^\xff\xfe../s, "text/plain; charset=utf-16le"],
  [/^\xef\xbb\xbf./s, "text/plain; charset=utf-8"],
  [/^\0\0\x01\0/, "image/x-icon"],
  [/^\0\0\x02\0/, "image/x-icon"],
  [/^BM/, "image/bmp"],
  [/^GIF8[79]a/, "image/gif"],
  [/^RIFF.{4}WEBPVP/s, "image/webp"],
  [/^\x89PNG\r\n\x1a\n/, "image/png"],
  [/^\xff\xd8\xff/, "image/jpeg"],
  [/^FORM.{4}AIFF/s, "audio/aiff"],
  [/^ID3/, "audio/mpeg"],
  [/^OggS\0/, "application/ogg"],
  [/^MThd\0\0\0\x06/, "audio/midi"],
  [/^RIFF.{4}AVI /s, "video/avi"],
  [/^RIFF.{4}WAVE/s, "audio/wave"],
  [/^.{4}ftyp/s, "video/mp4"],
  [/^\x1a\x45\xdf\xa3/, "video/webm"],
  [/^.{34}LP/s, "application/vnd.ms-fontobject"],
  [/^\0\x01\0\0/, "font/ttf"],
  [/^OTTO/, "font/otf"],
  [/^ttcf/, "font/collection"],
  [/^wOFF/, "font/woff"],
  [/^wOF2/, "font/woff2"],
  [/^\x1f\x8b\x08/, "application/x-gzip"],
  [/^PK\x03\x04/, "application/zip"],
  [/^Rar!\x1a\x07\0/, "application/x-rar-compressed"],
  [/^Rar!\x1a\x07\x01\0/, "application/x-rar-compressed"],
  [/^\0asm/, "application/wasm"],
];

export function sniff(bytes: Uint8Array): string {
  const start = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, sniffed)).toString("latin1");
  for (const [mark, type] of marks) if (mark.test(start) && !notThat(type, start)) return type;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what makes bytes no text
  return /[\0-\x08\x0b\x0e-\x1a\x1c-\x1f]/.test(start) ? octets : "text/plain; charset=utf-8";
}

/** Only some brands of `ftyp` boxes are video. */
function notThat(type: string, start: string): boolean {
  return type === "video/mp4" && !isMp4(start);
}

function isMp4(start: string): boolean {
  const size = Buffer.from(start.slice(0, 4), "latin1").readUInt32BE();
  if (start.length < 12 || start.length < size || size % 4 !== 0) return false;
  for (let at = 8; at < size; at += 4) if (at !== 12 && start.slice(at, at + 3) === "mp4") return true;
  return false;
}

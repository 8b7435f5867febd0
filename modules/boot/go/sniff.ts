// The content type that Go's net/http gives to bytes without one: the rules of https://mimesniff.spec.whatwg.org/, by
// the first 512 bytes.

const sniffed = 512;
const octets = "application/octet-stream";

/** Any byte, in a mark. */
const any = "\uffff";

const html =
  /^[\t\n\f\r ]*<(?:!doctype html|html|head|script|iframe|h1|div|font|table|a|style|title|b|body|br|p|!--)[ >]/i;
const xml = /^[\t\n\f\r ]*<\?xml/;

/** Beginnings, in the order in which they are tried. */
const marks: readonly (readonly [string, string])[] = [
  ["%PDF-", "application/pdf"],
  ["%!PS-Adobe-", "application/postscript"],
  [`\xfe\xff${any}${any}`, "text/plain; charset=utf-16be"],
  [`\xff\xfe${any}${any}`, "text/plain; charset=utf-16le"],
  [`\xef\xbb\xbf${any}`, "text/plain; charset=utf-8"],
  ["\0\0\x01\0", "image/x-icon"],
  ["\0\0\x02\0", "image/x-icon"],
  ["BM", "image/bmp"],
  ["GIF87a", "image/gif"],
  ["GIF89a", "image/gif"],
  [`RIFF${any.repeat(4)}WEBPVP`, "image/webp"],
  ["\x89PNG\r\n\x1a\n", "image/png"],
  ["\xff\xd8\xff", "image/jpeg"],
  [`FORM${any.repeat(4)}AIFF`, "audio/aiff"],
  ["ID3", "audio/mpeg"],
  ["OggS\0", "application/ogg"],
  ["MThd\0\0\0\x06", "audio/midi"],
  [`RIFF${any.repeat(4)}AVI `, "video/avi"],
  [`RIFF${any.repeat(4)}WAVE`, "audio/wave"],
  [`${any.repeat(4)}ftyp`, "video/mp4"],
  ["\x1a\x45\xdf\xa3", "video/webm"],
  [`${any.repeat(34)}LP`, "application/vnd.ms-fontobject"],
  ["\0\x01\0\0", "font/ttf"],
  ["OTTO", "font/otf"],
  ["ttcf", "font/collection"],
  ["wOFF", "font/woff"],
  ["wOF2", "font/woff2"],
  ["\x1f\x8b\x08", "application/x-gzip"],
  ["PK\x03\x04", "application/zip"],
  ["Rar!\x1a\x07\0", "application/x-rar-compressed"],
  ["Rar!\x1a\x07\x01\0", "application/x-rar-compressed"],
  ["\0asm", "application/wasm"],
];

export function sniff(bytes: Uint8Array): string {
  const start = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, sniffed)).toString(
    "latin1",
  );
  if (html.test(start)) return "text/html; charset=utf-8";
  if (xml.test(start)) return "text/xml; charset=utf-8";
  for (const [mark, type] of marks)
    if (startsWith(start, mark) && (type !== "video/mp4" || isMp4(start))) return type;
  return isText(start) ? "text/plain; charset=utf-8" : octets;
}

function startsWith(start: string, mark: string): boolean {
  if (start.length < mark.length) return false;
  for (let i = 0; i < mark.length; i++) if (mark[i] !== any && mark[i] !== start[i]) return false;
  return true;
}

function isText(start: string): boolean {
  for (let i = 0; i < start.length; i++) {
    const byte = start.charCodeAt(i);
    if (byte <= 0x08 || byte === 0x0b || (byte >= 0x0e && byte <= 0x1a) || (byte >= 0x1c && byte <= 0x1f))
      return false;
  }
  return true;
}

/** Only some brands of `ftyp` boxes are video. */
function isMp4(start: string): boolean {
  const size = Buffer.from(start.slice(0, 4), "latin1").readUInt32BE();
  if (start.length < 12 || start.length < size || size % 4 !== 0) return false;
  for (let at = 8; at < size; at += 4) if (at !== 12 && start.slice(at, at + 3) === "mp4") return true;
  return false;
}

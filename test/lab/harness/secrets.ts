// A cluster's real secrets, and whether any of them stands where it must not.
import { createPrivateKey } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";

export interface Secret {
  /** What it is, for people. */
  readonly name: string;
  readonly bytes: Buffer;
}

/** Of a PKI store (or any folder of keys): private scalars, OpenSSH seeds, and base64 values of `secret:` lines. */
export function secretsIn(folder: string): Secret[] {
  return filesBelow(folder).flatMap((file) => {
    const text = readFileSync(file, "utf8");
    const name = file.slice(folder.length + 1);
    const sealed = [...text.matchAll(/^ *secret: (\S+)$/gm)].map(([, value]) =>
      Buffer.from(value!, "base64"),
    );
    const keys = [...text.matchAll(/-----BEGIN ([A-Z ]*)PRIVATE KEY-----\n([^-]+)-----END/g)].map(
      ([pem, kind, body]) =>
        kind === "OPENSSH "
          ? opensshSeed(Buffer.from(body!, "base64"))
          : scalarOf(`${pem} ${kind}PRIVATE KEY-----\n`),
    );
    return [...sealed, ...keys].map((bytes) => ({ name, bytes }));
  });
}

/** The private part alone: what else is in the file may be public. */
function scalarOf(pem: string): Buffer {
  const { d } = createPrivateKey(pem).export({ format: "jwk" });
  if (d === undefined) throw new Error("a private key without a scalar");
  return Buffer.from(d, "base64url");
}

/** Ed25519: the private field is seed and public key, 64 bytes, after its length (PROTOCOL.key). */
function opensshSeed(body: Buffer): Buffer {
  const at = body.lastIndexOf(Buffer.from([0, 0, 0, 64]));
  if (at === -1) throw new Error("an OpenSSH key that is not Ed25519");
  return body.subarray(at + 4, at + 36);
}

/** A text that may hold secrets, and where it stands. */
export interface Place {
  readonly where: string;
  readonly bytes: Buffer;
}

/** All files below a folder, but for those that `skip` names. A missing folder is an error: nothing would be proven. */
export function placesBelow(folder: string, skip: (path: string) => boolean = () => false): Place[] {
  if (!existsSync(folder)) throw new Error(`nothing to scan at ${folder}`);
  return filesBelow(folder)
    .filter((path) => !skip(path))
    .flatMap((path) => {
      const bytes = readIfThere(path);
      return bytes === undefined ? [] : [{ where: path, bytes }];
    });
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

/** Logs come and go while they are looked at. */
function readIfThere(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

/** Looks that a secret has, whatever its value. */
const looks: readonly (readonly [string, RegExp])[] = [
  ["a PEM private key", /-----BEGIN [A-Z ]*PRIVATE KEY-----/],
  ["a JSON web token", /eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}/],
  ["an Authorization header", /authorization: *(basic|bearer) +[\w+/=.-]{8,}/i],
];

/** Where secrets are, as sentences without the secrets; empty if all is well. */
export function findSecrets(places: readonly Place[], secrets: readonly Secret[]): string[] {
  const search = searchFor(
    secrets.flatMap(({ name, bytes }) => spellings(bytes).map((needle) => ({ name, needle }))),
  );
  const found = places.flatMap(({ where, bytes }) =>
    layers(bytes).flatMap((layer) => {
      const text = layer.toString("latin1");
      const alike = looks.filter(([, pattern]) => pattern.test(text)).map(([what]) => what);
      return [...search(layer), ...alike].map((what) => `${where}: ${what}`);
    }),
  );
  return [...new Set(found)];
}

interface Needle {
  readonly name: string;
  readonly needle: Buffer;
}

/** One pass for all needles, by their first two bytes: there are hundreds of them, and journals have megabytes. */
function searchFor(needles: readonly Needle[]): (haystack: Buffer) => string[] {
  const byStart: (Needle[] | undefined)[] = new Array(1 << 16);
  for (const each of needles) {
    const start = each.needle.readUInt16BE();
    byStart[start] = [...(byStart[start] ?? []), each];
  }
  return (haystack) => {
    const found: string[] = [];
    for (let at = 0, start = haystack[0] ?? 0; at < haystack.length - 1; at += 1) {
      start = ((start << 8) | haystack[at + 1]!) & 0xffff;
      for (const { name, needle } of byStart[start] ?? []) {
        if (haystack.subarray(at, at + needle.length).equals(needle)) found.push(name);
      }
    }
    return found;
  };
}

/** How bytes may be written: raw, hex, and base64 at each of its three alignments, in both alphabets. */
function spellings(bytes: Buffer): Buffer[] {
  const base64 = [0, 1, 2].map((shift) => {
    const text = Buffer.concat([Buffer.alloc(shift), bytes]).toString("base64");
    // The characters at both ends depend on what stands beside.
    return text.slice(Math.ceil((shift * 8) / 6), Math.floor(((shift + bytes.length) * 8) / 6));
  });
  const url = base64.map((text) => text.replaceAll("+", "-").replaceAll("/", "_"));
  const texts = new Set([bytes.toString("hex"), ...base64, ...url]);
  return [bytes, ...[...texts].map((text) => Buffer.from(text))];
}

/** Bytes: only machines' journals are larger, and they hold text as it is. */
const largestUnpacked = 4 << 20;

/** A text as it is, without line ends (real or escaped), and what base64, gzip and percent signs hide in it. */
function layers(bytes: Buffer, depth = 3): Buffer[] {
  if (bytes.length > largestUnpacked) return [bytes];
  const text = bytes.toString("latin1");
  const variants = new Set([text, text.replaceAll(/\\r|\\n|\s/g, ""), unescaped(text)]);
  const runs = new Set(
    [...variants].flatMap((each) => (depth === 0 ? [] : (each.match(/[A-Za-z0-9+/_-]{40,}/g) ?? []))),
  );
  const hidden = [...runs].map((run) => inflated(Buffer.from(run, "base64")));
  return [
    ...[...variants].map((each) => Buffer.from(each, "latin1")),
    ...hidden.flatMap((each) => (isText(each) ? layers(each, depth - 1) : [each])),
  ];
}

function unescaped(text: string): string {
  return text.replaceAll(/%([0-9A-Fa-f]{2})/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)));
}

/** What is none hides no other text in it. */
function isText(bytes: Buffer): boolean {
  return !/[^\t\r\n -~]/.test(bytes.subarray(0, 512).toString("latin1"));
}

function inflated(bytes: Buffer): Buffer {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  try {
    return gunzipSync(bytes);
  } catch {
    return bytes;
  }
}

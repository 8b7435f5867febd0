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
  const needles = secrets.flatMap(({ name, bytes }) => spellings(bytes).map((text) => ({ name, text })));
  const found = places.flatMap(({ where, bytes }) =>
    layers(bytes).flatMap((text) => [
      ...needles.filter((needle) => text.includes(needle.text)).map(({ name }) => `${where}: ${name}`),
      ...looks.filter(([, pattern]) => pattern.test(text)).map(([what]) => `${where}: ${what}`),
    ]),
  );
  return [...new Set(found)];
}

/** How bytes may be written: raw, hex, and base64 at each of its three alignments, in both alphabets. */
function spellings(bytes: Buffer): string[] {
  const base64 = [0, 1, 2].map((shift) => {
    const text = Buffer.concat([Buffer.alloc(shift), bytes]).toString("base64");
    // The characters at both ends depend on what stands beside.
    return text.slice(Math.ceil((shift * 8) / 6), Math.floor(((shift + bytes.length) * 8) / 6));
  });
  const url = base64.map((text) => text.replaceAll("+", "-").replaceAll("/", "_"));
  return [...new Set([bytes.toString("latin1"), bytes.toString("hex"), ...base64, ...url])];
}

/** Bytes: machines' journals are larger, and hold text as it is. */
const largestUnpacked = 4 << 20;

/** A text as it is, without line ends (real or escaped), and what base64, gzip and percent signs hide in it. */
function layers(bytes: Buffer, depth = 3): string[] {
  const text = bytes.toString("latin1");
  const joined = text.replaceAll(/\\r|\\n|\s/g, "");
  if (depth === 0 || bytes.length > largestUnpacked) return [text, joined];
  const hidden = [text, joined].flatMap((each) =>
    (each.match(/[A-Za-z0-9+/_-]{40,}/g) ?? []).flatMap((run) =>
      layers(inflated(Buffer.from(run, "base64")), depth - 1),
    ),
  );
  const unescaped = /%[0-9A-Fa-f]{2}/.test(text)
    ? [text.replaceAll(/%([0-9A-Fa-f]{2})/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)))]
    : [];
  return [text, joined, ...unescaped, ...hidden];
}

function inflated(bytes: Buffer): Buffer {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  try {
    return gunzipSync(bytes);
  } catch {
    return bytes;
  }
}

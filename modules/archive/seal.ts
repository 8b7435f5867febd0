// age around an archive, in a stream both ways.
import { LandfallError } from "../spec/index.ts";

const firstLine = "age-encryption.org/v1\n";

/** Encrypts to all of `recipients`. */
export async function seal(
  plain: AsyncIterable<Uint8Array>,
  recipients: readonly string[],
): Promise<AsyncIterable<Uint8Array>> {
  const { Encrypter } = await import("age-encryption");
  const encrypter = new Encrypter();
  for (const recipient of recipients) encrypter.addRecipient(recipient);
  return encrypter.encrypt(ReadableStream.from(plain) as ReadableStream<Uint8Array>);
}

/** The archive's plain bytes. `file` says in errors which one it is. */
export async function unseal(
  sealed: AsyncIterable<Uint8Array>,
  identities: readonly string[],
  file: string,
): Promise<AsyncIterable<Uint8Array>> {
  const { Decrypter } = await import("age-encryption");
  const decrypter = new Decrypter();
  for (const identity of identities) decrypter.addIdentity(identity);
  try {
    const plain = await decrypter.decrypt(ReadableStream.from(sealed) as ReadableStream<Uint8Array>);
    return whole(plain, file);
  } catch (cause) {
    if (String(cause).includes("no identity matched"))
      throw new LandfallError("archive-other-identity", `${file} is not encrypted to this identity`, {
        found: `${identities.length} ${identities.length === 1 ? "identity" : "identities"}, none of which opens it`,
        expected: "the identity of one of the recipients that it was written for",
        next: "name the file that `age-keygen` wrote for one of them: --identity FILE",
        cause,
      });
    throw damaged(file, cause);
  }
}

async function* whole(plain: AsyncIterable<Uint8Array>, file: string): AsyncGenerator<Uint8Array, void> {
  try {
    yield* plain;
  } catch (cause) {
    throw damaged(file, cause);
  }
}

export function isSealed(head: Uint8Array): boolean {
  return Buffer.from(head).toString("latin1").startsWith(firstLine);
}

/** Identities in a file as `age-keygen` writes it: one a line, and comments. */
export function parseIdentities(text: string, file: string): readonly string[] {
  const lines = text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"));
  const right = /^AGE-SECRET-KEY-(PQ-)?1[0-9A-Z]+$/;
  if (lines.length > 0 && lines.every((line) => right.test(line))) return lines;
  throw new LandfallError("identity-unreadable", `${file} holds no identity of age`, {
    // Not the line itself: it may be a secret of another kind.
    found: lines.length === 0 ? "nothing" : describe(lines[0] ?? ""),
    expected: "lines AGE-SECRET-KEY-1..., as `age-keygen` writes them",
    next: "one that is encrypted itself is decrypted first: age -d identity.age >identity (mode 0600)",
  });
}

function describe(line: string): string {
  if (line.startsWith("age-encryption.org/") || line.startsWith("-----BEGIN AGE ENCRYPTED FILE"))
    return "an identity that is encrypted with a passphrase";
  if (line.startsWith("age1")) return "a recipient, which is its public half";
  if (line.startsWith("AGE-PLUGIN-")) return "an identity of a plugin";
  if (line.startsWith("-----BEGIN")) return "a key of another kind";
  return "a line that is none";
}

function damaged(file: string, cause: unknown): unknown {
  // Of the disk's own, or an interruption: the archive has no part in it.
  if (cause instanceof LandfallError || (cause instanceof Error && "errno" in cause)) return cause;
  return new LandfallError("archive-damaged", `${file} is damaged`, {
    found: cause instanceof Error ? cause.message : String(cause),
    expected: "every byte as it was written: age lets none be changed or cut off",
    next: "take another copy of it",
    cause,
  });
}

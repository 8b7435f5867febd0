// One document's file, which may be anything: people, other programs and failing disks write there too.
import { constants, type Stats } from "node:fs";
import { lstat, open } from "node:fs/promises";
import { LandfallError } from "../../spec/error.ts";
import type { Kind } from "./types.ts";

const mebibyte = 1024 * 1024;
/** Bytes of a document. What gRPC takes is 4 MiB, and JSON may write a byte as six. */
export const longestDocument: Readonly<Record<Kind, number>> = {
  groups: 32 * mebibyte,
  profiles: 32 * mebibyte,
  ignition: 16 * mebibyte,
  generic: 16 * mebibyte,
  machines: mebibyte,
  conditions: 2 * mebibyte,
  replacements: 2 * mebibyte,
};

/**
 * Undefined: there is none.
 * @throws {LandfallError} `document-unreadable`: something is there, and no document. Other errors are the disk's.
 */
export async function readDocument(file: string, kind: Kind): Promise<Buffer | undefined> {
  const unreadable = (found: string, cause?: unknown) =>
    new LandfallError("document-unreadable", "a document of the boot service cannot be read", {
      found: `${file}: ${found}`,
      expected: `a file of at most ${longestDocument[kind]} bytes`,
      next: "mend it, or move it away",
      cause,
    });
  let handle: Awaited<ReturnType<typeof open>>;
  try {
    // A pipe without a writer must not hold the opening up.
    handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    const code = String((error as NodeJS.ErrnoException).code);
    if (["EACCES", "EPERM", "ELOOP", "ENXIO"].includes(code)) throw unreadable(code, error);
    if (code !== "ENOENT" && code !== "ENOTDIR") throw error;
    // A machine of which something is written down must not be taken for one that nobody knows.
    if (kind === "machines" && (code === "ENOTDIR" || (await isThere(file)))) throw unreadable(code, error);
    return undefined;
  }
  try {
    const status = await handle.stat();
    if (status.isDirectory() && kind !== "machines") return undefined;
    if (!status.isFile()) throw unreadable(kindOf(status));
    const bytes = await readUpTo(handle, status.size, longestDocument[kind]);
    if (bytes === undefined) throw unreadable(`more than ${longestDocument[kind]} bytes`);
    return bytes;
  } finally {
    await handle.close();
  }
}

async function isThere(file: string): Promise<boolean> {
  return lstat(file).then(
    () => true,
    () => false,
  );
}

/** Files in /proc and such say that they are empty, and others grow. */
async function readUpTo(
  handle: Awaited<ReturnType<typeof open>>,
  size: number,
  most: number,
): Promise<Buffer | undefined> {
  if (size > most) return undefined;
  const parts: Buffer[] = [];
  let length = 0;
  for (let next = size + 1; ; next = 65_536) {
    const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(next), 0, next, null);
    if (bytesRead === 0) return Buffer.concat(parts);
    parts.push(buffer.subarray(0, bytesRead));
    length += bytesRead;
    if (length > most) return undefined;
  }
}

function kindOf(status: Stats): string {
  if (status.isDirectory()) return "a folder";
  return status.isFIFO() ? "a pipe" : "a device or a socket";
}

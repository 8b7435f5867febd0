// Files below a folder, and no others: a path, a link or a race that leads elsewhere finds nothing.
import { constants } from "node:fs";
import { type FileHandle, open, readdir, readlink, realpath } from "node:fs/promises";
import { sniff } from "../go/sniff.ts";
import { bytesOf } from "../go/text.ts";
import { cleanPath } from "../http/path.ts";
import { typeByName } from "./type.ts";

export interface Opened {
  readonly handle: FileHandle;
  readonly kind: "file" | "folder";
  readonly size: number;
  /** Nanoseconds since 1970. */
  readonly modified: bigint;
}

/** Not what it was asked for: missing, elsewhere, no file and no folder; or not to be read by this process. */
export type Closed = "missing" | "forbidden";

/** @param path from the folder on, with its slash, decoded */
export async function openBelow(folder: string, path: string): Promise<Opened | Closed> {
  if (path.includes("\0")) return "missing";
  let handle: FileHandle | undefined;
  try {
    // A pipe without a writer must not hold the opening up.
    handle = await open(bytesOf(folder + cleanPath(path)), constants.O_RDONLY | constants.O_NONBLOCK);
    // Asked of what is open, so that a link that is moved meanwhile makes no difference.
    const [root, where, stat] = await Promise.all([
      realpath(folder),
      readlink(`/proc/self/fd/${handle.fd}`),
      handle.stat({ bigint: true }),
    ]);
    const below = root === "/" || where === root || where.startsWith(`${root}/`);
    const kind = stat.isFile() ? "file" : stat.isDirectory() ? "folder" : undefined;
    if (!below || kind === undefined) {
      await handle.close();
      return "missing";
    }
    return { handle, kind, size: Number(stat.size), modified: stat.mtimeNs };
  } catch (error) {
    await handle?.close();
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EACCES" || code === "EPERM") return "forbidden";
    if (["ENOENT", "ENOTDIR", "ELOOP", "ENAMETOOLONG", "ENXIO", "EINVAL"].includes(code ?? ""))
      return "missing";
    throw error;
  }
}

export async function typeOf(name: string, handle: FileHandle): Promise<string> {
  const known = typeByName(name);
  if (known !== undefined) return known;
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(512), 0, 512, 0);
  return sniff(buffer.subarray(0, bytesRead));
}

export interface Listed {
  readonly name: Buffer;
  readonly folder: boolean;
}

/** By name, in the order of bytes. */
export async function list(folder: Opened): Promise<readonly Listed[]> {
  const entries = await readdir(`/proc/self/fd/${folder.handle.fd}`, {
    withFileTypes: true,
    encoding: "buffer",
  });
  return entries
    .map((entry) => ({ name: entry.name, folder: entry.isDirectory() }))
    .sort((a, b) => Buffer.compare(a.name, b.name));
}

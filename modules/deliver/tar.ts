// An archive of plain files (POSIX ustar), the same bytes for the same files: no owner, no time.
import { block, fileHeader, padding } from "../tar/index.ts";

export interface TarEntry {
  /** Relative; at most 100 bytes. */
  readonly name: string;
  readonly mode: number;
  readonly contents: Buffer;
}

/** The whole archive. Throws on a name that ustar's short form cannot hold. */
export function tar(entries: readonly TarEntry[]): Buffer {
  const parts = entries.flatMap((entry) => [
    header(entry),
    entry.contents,
    Buffer.alloc(padding(entry.contents.length)),
  ]);
  return Buffer.concat([...parts, Buffer.alloc(2 * block)]);
}

function header({ name, mode, contents }: TarEntry): Buffer {
  if (Buffer.byteLength(name) > 100) throw new RangeError(`name of more than 100 bytes: ${name}`);
  return fileHeader({ name, mode, size: contents.length });
}

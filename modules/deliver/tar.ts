// An archive of plain files (POSIX ustar), the same bytes for the same files: no owner, no time.

const block = 512;

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
    Buffer.alloc((block - (entry.contents.length % block)) % block),
  ]);
  return Buffer.concat([...parts, Buffer.alloc(2 * block)]);
}

function header({ name, mode, contents }: TarEntry): Buffer {
  if (Buffer.byteLength(name) > 100) throw new RangeError(`name of more than 100 bytes: ${name}`);
  const bytes = Buffer.alloc(block);
  bytes.write(name, 0);
  bytes.write(octal(mode, 8), 100);
  bytes.write(octal(0, 8), 108); // uid
  bytes.write(octal(0, 8), 116); // gid
  bytes.write(octal(contents.length, 12), 124);
  bytes.write(octal(0, 12), 136); // mtime
  bytes.write("        ", 148); // the checksum counts itself as blanks
  bytes.write("0", 156); // a plain file
  bytes.write("ustar\x0000", 257);
  const checksum = bytes.reduce((sum, byte) => sum + byte, 0);
  bytes.write(`${checksum.toString(8).padStart(6, "0")}\0 `, 148);
  return bytes;
}

/** Zero-padded, ended by NUL. */
function octal(value: number, width: number): string {
  return `${value.toString(8).padStart(width - 1, "0")}\0`;
}

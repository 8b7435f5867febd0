// What POSIX ustar says of a plain file without owner and time: the same bytes for the same file.

export const block = 512;

export interface FileHeader {
  /** At most 100 bytes. */
  readonly name: string;
  /** The folders before it: at most 155 bytes. */
  readonly prefix?: string;
  readonly mode: number;
  /** Bytes. */
  readonly size: number;
}

export function fileHeader({ name, prefix = "", mode, size }: FileHeader): Buffer {
  const bytes = Buffer.alloc(block);
  bytes.write(name, 0);
  bytes.write(octal(mode, 8), 100);
  bytes.write(octal(0, 8), 108); // uid
  bytes.write(octal(0, 8), 116); // gid
  bytes.write(octal(size, 12), 124);
  bytes.write(octal(0, 12), 136); // mtime
  bytes.write("        ", 148); // the checksum counts itself as blanks
  bytes.write("0", 156); // a plain file
  bytes.write("ustar\x0000", 257);
  bytes.write(prefix, 345);
  bytes.write(`${sum(bytes).toString(8).padStart(6, "0")}\0 `, 148);
  return bytes;
}

/** Of a header whose own checksum is blanks. */
export const sum = (bytes: Uint8Array) => bytes.reduce((total, byte) => total + byte, 0);

/** Bytes from a file's end to the next block. */
export const padding = (size: number) => (block - (size % block)) % block;

/** Zero-padded, ended by NUL. */
const octal = (value: number, width: number) => `${value.toString(8).padStart(width - 1, "0")}\0`;

// The inside of an archive: POSIX ustar, in a stream both ways, so that `age -d | tar x` opens it without Landfall.
// Written: plain files without owner and time. Read: that, and nothing else that a tar may hold.
import { LandfallError } from "../spec/index.ts";
import { block, fileHeader, padding, sum } from "../tar/index.ts";

/** What eleven octal digits say. */
const largest = 8 ** 11 - 1;

export interface TarFile {
  /** Relative, of plain characters; see `safeName`. */
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  readonly chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
}

/** A name that can lead nowhere but below the folder that it is unpacked into. */
export function safeName(name: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9._-]*(\/[A-Za-z0-9][A-Za-z0-9._-]*)*$/.test(name);
}

export async function* writeTar(files: AsyncIterable<TarFile>): AsyncGenerator<Uint8Array, void> {
  for await (const { name, size, chunks } of files) {
    yield header(name, size);
    let written = 0;
    for await (const chunk of chunks) {
      written += chunk.length;
      yield chunk;
    }
    if (written !== size) throw new Error(`${name} was to be of ${size} bytes, and is of ${written}`);
    yield Buffer.alloc(padding(size));
  }
  yield Buffer.alloc(2 * block);
}

function header(name: string, size: number): Buffer {
  if (!safeName(name) || size > largest)
    throw new RangeError(`no file of an archive: ${name}, ${size} bytes`);
  const [prefix, short] = split(name);
  return fileHeader({ name: short, prefix, mode: 0o600, size });
}

/** ustar has 100 bytes for a name, and 155 for the folders before it. */
function split(name: string): readonly [prefix: string, name: string] {
  if (name.length <= 100) return ["", name];
  const slash = name.indexOf("/", name.length - 101);
  if (slash < 0 || slash > 155) throw new RangeError(`name too long for a tar: ${name}`);
  return [name.slice(0, slash), name.slice(slash + 1)];
}

/** One file after the other; its chunks must be read to their end before the next is asked for. */
export async function* readTar(source: AsyncIterable<Uint8Array>): AsyncGenerator<TarFile, void> {
  const bytes = reader(source);
  for (;;) {
    const head = await bytes.exactly(block);
    if (head.every((byte) => byte === 0)) break;
    const { name, size } = parseHeader(head);
    let left = size;
    const chunks = async function* () {
      while (left > 0) {
        const chunk = await bytes.atMost(left);
        left -= chunk.length;
        yield chunk;
      }
    };
    yield { name, size, chunks: chunks() };
    if (left > 0) throw new Error(`${name} was not read to its end`);
    await bytes.exactly(padding(size));
  }
  await bytes.exactly(block);
  if (!(await bytes.ended())) throw damaged("something after its end");
}

function parseHeader(head: Buffer): { readonly name: string; readonly size: number } {
  const text = (from: number, length: number) =>
    head
      .subarray(from, from + length)
      .toString("latin1")
      .replace(/\0.*$/s, "");
  const number = (from: number, length: number) => {
    const written = text(from, length).trim();
    return /^[0-7]+$/.test(written) ? Number.parseInt(written, 8) : Number.NaN;
  };
  if (text(257, 5) !== "ustar") throw damaged("no header of a file where one must be");
  if (number(148, 8) !== sum(Buffer.from(head).fill(" ", 148, 156)))
    throw damaged("a header whose checksum is wrong");
  const [prefix, short] = [text(345, 155), text(0, 100)];
  const name = prefix === "" ? short : `${prefix}/${short}`;
  const size = number(124, 12);
  if (text(156, 1) !== "0" || !safeName(name) || Number.isNaN(size))
    throw damaged(`something that is no plain file: ${JSON.stringify(name)}`);
  return { name, size };
}

interface Reader {
  readonly exactly: (length: number) => Promise<Buffer>;
  /** At least one byte. */
  readonly atMost: (length: number) => Promise<Buffer>;
  readonly ended: () => Promise<boolean>;
}

function reader(source: AsyncIterable<Uint8Array>): Reader {
  const chunks = source[Symbol.asyncIterator]();
  let held: Buffer = Buffer.alloc(0);
  const more = async (): Promise<boolean> => {
    while (held.length === 0) {
      const next = await chunks.next();
      if (next.done) return false;
      held = Buffer.from(next.value.buffer, next.value.byteOffset, next.value.length);
    }
    return true;
  };
  const atMost = async (length: number): Promise<Buffer> => {
    if (!(await more())) throw damaged("its end before its time");
    const taken = held.subarray(0, length);
    held = held.subarray(taken.length);
    return taken;
  };
  return {
    atMost,
    async exactly(length) {
      const parts: Buffer[] = [];
      for (let left = length; left > 0; left -= parts.at(-1)!.length) parts.push(await atMost(left));
      return Buffer.concat(parts);
    },
    ended: async () => !(await more()),
  };
}

function damaged(found: string): LandfallError {
  return new LandfallError("archive-damaged", "the archive is damaged", {
    found,
    expected: "an archive as `landfall archive` wrote it, whole",
    next: "take another copy of it",
  });
}

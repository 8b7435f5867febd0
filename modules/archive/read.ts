// From an archive's file to the proof that it is whole, or to its parts.
import { createWriteStream } from "node:fs";
import { chmod, type FileHandle, mkdir, mkdtemp, open, readdir, rename, rm } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { writeEntries } from "../pki/index.ts";
import { LandfallError } from "../spec/index.ts";
import { names, type Proof, readContents, type Sink } from "./contents.ts";
import { isSealed, unseal } from "./seal.ts";

export interface ReadOptions {
  readonly file: string;
  /** Secret keys of age, AGE-SECRET-KEY-1... Needless for an archive in plain. */
  readonly identities: readonly string[];
  readonly signal?: AbortSignal;
}

/** Proves that an archive can be restored. Writes nothing. @throws {LandfallError} saying what is wrong with it */
export async function verifyArchive(options: ReadOptions): Promise<Proof> {
  return read(options, undefined);
}

/**
 * Writes an archive's parts into `folder`, which must not exist or be empty: `pki/` is a store, 0700 and 0600. They
 * are there when all of them have been proven, and not before.
 */
export async function restoreArchive(options: ReadOptions & { readonly folder: string }): Promise<Proof> {
  const folder = resolve(options.folder);
  await refuseIfTaken(folder);
  await mkdir(dirname(folder), { recursive: true });
  const draft = await mkdtemp(join(dirname(folder), `.${basename(folder)}.`));
  try {
    await chmod(draft, 0o700);
    const proof = await read(options, sinkInto(draft));
    await rename(draft, folder);
    return proof;
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    throw error;
  }
}

function sinkInto(folder: string): Sink {
  return {
    async file(name, chunks) {
      const path = join(folder, name);
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      await pipeline(
        Readable.from(chunks),
        createWriteStream(path, { flags: "wx", mode: 0o600, flush: true }),
      );
    },
    pki: (entries) => writeEntries(join(folder, names.pki), entries),
  };
}

async function read({ file, identities, signal }: ReadOptions, sink: Sink | undefined): Promise<Proof> {
  const handle = await openFile(file);
  try {
    const head = Buffer.alloc(64);
    await handle.read(head, 0, head.length, 0);
    const bytes = chunks(handle, signal);
    if (isSealed(head) && identities.length === 0)
      throw new LandfallError("archive-identity-missing", `${file} is encrypted`, {
        expected: "the identity of one of its recipients",
        next: "name its file: --identity FILE",
      });
    const plain = isSealed(head) ? await unseal(bytes, identities, file) : bytes;
    return await readContents(plain, file, sink);
  } finally {
    await handle.close();
  }
}

async function* chunks(
  handle: FileHandle,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array, void> {
  for (let at = 0; ; ) {
    signal?.throwIfAborted();
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(64 * 1024), 0, 64 * 1024, at);
    if (bytesRead === 0) return;
    at += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}

async function openFile(file: string): Promise<FileHandle> {
  try {
    return await open(file, "r");
  } catch (cause) {
    throw new LandfallError("archive-unreadable", `${file} cannot be read`, {
      found: (cause as Error).message,
      expected: "an archive as `landfall archive` wrote it",
      cause,
    });
  }
}

async function refuseIfTaken(folder: string): Promise<void> {
  const there = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  if (there === undefined || there.length === 0) return;
  throw new LandfallError("restore-folder-taken", `there is something in ${folder} already`, {
    found: there.slice(0, 3).join(", "),
    expected: "a folder that does not exist, or an empty one",
    next: "name another one: --to FOLDER",
  });
}

// From a running cluster's parts to one file.
import { constants } from "node:fs";
import { chmod, mkdir, open, readdir, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { checkEntries, type StoreEntries } from "../pki/index.ts";
import { LandfallError } from "../spec/index.ts";
import { describeFile, type Manifest, type ManifestFile, names, type Subject } from "./contents.ts";
import { seal } from "./seal.ts";
import { checkSnapshot, type SnapshotStream } from "./snapshot.ts";
import { type TarFile, writeTar } from "./tar.ts";

export interface WriteOptions {
  readonly subject: Subject;
  readonly pki: StoreEntries;
  /** Texts by name: what the cluster was. No secrets are expected here, and none are betrayed. */
  readonly record: ReadonlyMap<string, string>;
  readonly snapshot: SnapshotStream & Manifest["snapshot"];
  /** Public keys of age; undefined writes in plain. */
  readonly recipients: readonly string[] | undefined;
  /** The file, in a folder that need not exist. Replaced as a whole, if it is there. */
  readonly out: string;
  readonly now: Date;
  /** Told how much of the snapshot is through. */
  readonly onProgress?: (done: number, size: number) => void;
}

export interface Written {
  readonly manifest: Manifest;
  /** Of the file, sealed or not. */
  readonly bytes: number;
}

/** Writes an archive: on return it is on the disk, whole; on any error there is no trace of it. */
export async function writeArchive(options: WriteOptions): Promise<Written> {
  const { subject, pki, recipients, out } = options;
  const { generation } = checkEntries(pki, "the PKI store");
  if (generation !== subject.generation)
    throw new LandfallError("archive-other-generation", `the PKI store is not that of ${subject.cluster}`, {
      found: `generation ${generation}`,
      expected: `generation ${subject.generation}, which was deployed`,
      next: `npx landfall deploy ${subject.cluster}, or put its store back`,
    });
  let manifest: Manifest | undefined;
  const plain = writeTar(
    contents(options, (whole) => {
      manifest = whole;
    }),
  );
  const bytes = await writeWhole(out, recipients === undefined ? plain : await seal(plain, recipients));
  return { manifest: manifest!, bytes };
}

async function* contents(
  { subject, pki, record, snapshot, now, onProgress }: WriteOptions,
  done: (manifest: Manifest) => void,
): AsyncGenerator<TarFile, void> {
  const files: ManifestFile[] = [];
  const small = [
    ...[...pki].map(([name, text]) => [names.pki + name, text] as const),
    ...[...record].map(([name, text]) => [names.record + name, text] as const),
  ];
  for (const [name, text] of small) {
    const bytes = Buffer.from(text);
    files.push(describeFile(name, bytes));
    yield { name, size: bytes.length, chunks: [bytes] };
  }
  const check = checkSnapshot();
  let through = 0;
  const watched = async function* () {
    for await (const chunk of snapshot.chunks) {
      check.update(chunk);
      through += chunk.length;
      if (through > snapshot.size) break;
      onProgress?.(through, snapshot.size);
      yield chunk;
    }
    // Before the last byte is sealed: what is not as etcd sent it comes into no archive.
    files.push({ name: names.snapshot, ...check.finish() });
  };
  yield { name: names.snapshot, size: snapshot.size, chunks: watched() };
  const manifest: Manifest = {
    format: 1,
    ...subject,
    takenAt: now.toISOString(),
    snapshot: { member: snapshot.member, revision: snapshot.revision },
    files,
  };
  done(manifest);
  const text = Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`);
  yield { name: names.manifest, size: text.length, chunks: [text] };
}

/** 0600 from before its first byte; beside its place until it is whole and synced. */
async function writeWhole(out: string, chunks: AsyncIterable<Uint8Array>): Promise<number> {
  const folder = dirname(out);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await removeDrafts(out);
  const draft = `${out}.${process.pid}.tmp`;
  const file = await open(draft, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600);
  let bytes = 0;
  try {
    // The umask can only take away; what a file system adds is taken back.
    await chmod(draft, 0o600);
    for await (const chunk of chunks) {
      await file.writeFile(chunk);
      bytes += chunk.length;
    }
    await file.sync();
    await file.close();
    await rename(draft, out);
  } catch (error) {
    await file.close().catch(() => {});
    await rm(draft, { force: true });
    throw error;
  }
  const above = await open(folder, "r");
  await above.sync().finally(() => above.close());
  return bytes;
}

/** What killed processes left, of no use to anybody. */
async function removeDrafts(out: string): Promise<void> {
  const prefix = `${basename(out)}.`;
  for (const name of await readdir(dirname(out))) {
    const pid = name.startsWith(prefix) ? /^(\d+)\.tmp$/.exec(name.slice(prefix.length))?.[1] : undefined;
    if (pid !== undefined && !isAlive(Number(pid))) await rm(join(dirname(out), name), { force: true });
  }
}

function isAlive(pid: number): boolean {
  if (pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

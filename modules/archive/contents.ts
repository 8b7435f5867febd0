// What is in an archive, in this order: the PKI's entries, records, etcd's snapshot, and the manifest that names them all.
import { createHash } from "node:crypto";
import { checkEntries, type StoreEntries } from "../pki/index.ts";
import { LandfallError } from "../spec/index.ts";
import { checkSnapshot } from "./snapshot.ts";
import { readTar, type TarFile } from "./tar.ts";

export const names = {
  snapshot: "etcd-snapshot.db",
  manifest: "manifest.json",
  pki: "pki/",
  record: "record/",
};

/** What an archive is of. No secret. */
export interface Subject {
  /** NAME-VERSION. */
  readonly cluster: string;
  /** Of the landing: the PKI's own. */
  readonly generation: string;
  /** Kubernetes release, as 1.34.1. */
  readonly kubernetes: string;
  /** Version of etcd, as 3.6.5: what the snapshot is restored with. */
  readonly etcd: string;
}

export interface Manifest extends Subject {
  readonly format: 1;
  /** ISO 8601. */
  readonly takenAt: string;
  readonly snapshot: {
    /** The master that sent it. */
    readonly member: string;
    /** The snapshot has everything up to this revision of etcd, at least. */
    readonly revision: string;
  };
  readonly files: readonly ManifestFile[];
}

export interface ManifestFile {
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  readonly sha256: string;
}

/** An archive that is known to be whole: decrypted, counted, and every part looked at. */
export interface Proof {
  readonly manifest: Manifest;
  readonly certificates: number;
  readonly snapshotBytes: number;
}

/** Where a restore puts what passes by; a proof alone needs none of it. */
export interface Sink {
  readonly file: (name: string, chunks: AsyncIterable<Uint8Array>) => Promise<void>;
  readonly pki: (entries: StoreEntries) => void;
}

/** Larger things than these were never put in: a bound for what is held in memory. */
const largestEntry = 16 * 1024 * 1024;
const mostEntries = 200_000;

/**
 * Reads an archive's plain bytes to the end, hands its parts to `sink`, and proves that it is whole. Only when this
 * has returned is what the sink got worth anything.
 */
export async function readContents(
  plain: AsyncIterable<Uint8Array>,
  file: string,
  sink?: Sink,
): Promise<Proof> {
  const seen = new Map<string, ManifestFile>();
  const entries = new Map<string, string>();
  let manifest: Manifest | undefined;
  let snapshotBytes: number | undefined;
  for await (const each of readTar(plain)) {
    if (manifest !== undefined || seen.size > mostEntries)
      throw unfit(file, each.name, "the manifest, last of all");
    if (seen.has(each.name)) throw unfit(file, `${each.name} twice`, "each file once");
    if (each.name === names.snapshot) {
      const check = checkSnapshot();
      await pass(each, (chunks) => sink?.file(each.name, chunks), check.update);
      const { size, sha256 } = check.finish();
      snapshotBytes = size;
      seen.set(each.name, { name: each.name, size, sha256 });
      continue;
    }
    if (each.size > largestEntry) throw unfit(file, `${each.name} of ${each.size} bytes`, "a small file");
    const contents = await text(each);
    if (each.name === names.manifest) {
      manifest = parseManifest(contents, file);
      await sink?.file(each.name, oneChunk(contents));
      continue;
    }
    seen.set(each.name, describeFile(each.name, contents));
    if (each.name.startsWith(names.pki)) entries.set(each.name.slice(names.pki.length), contents.toString());
    else if (each.name.startsWith(names.record)) await sink?.file(each.name, oneChunk(contents));
    else throw unfit(file, each.name, `what is below ${names.pki} and ${names.record}, and a snapshot`);
  }
  if (manifest === undefined || snapshotBytes === undefined)
    throw unfit(file, `no ${manifest === undefined ? names.manifest : names.snapshot}`, "both");
  compare(manifest.files, [...seen.values()], file);
  const { generation, certificates } = checkEntries(entries, file);
  if (generation !== manifest.generation)
    throw unfit(file, `the PKI of ${generation}`, `that of ${manifest.cluster}, ${manifest.generation}`);
  sink?.pki(entries);
  return { manifest, certificates, snapshotBytes };
}

/** Hands a file on, if anybody wants it, and sees each chunk either way. */
async function pass(
  { chunks }: TarFile,
  hand: (chunks: AsyncIterable<Uint8Array>) => Promise<void> | undefined,
  look: (chunk: Uint8Array) => void,
): Promise<void> {
  const watched = async function* () {
    for await (const chunk of chunks) {
      look(chunk);
      yield chunk;
    }
  };
  const looked = watched();
  await hand(looked);
  for await (const _ of looked);
}

async function text({ chunks }: TarFile): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const chunk of chunks) parts.push(chunk);
  return Buffer.concat(parts);
}

async function* oneChunk(contents: Buffer): AsyncGenerator<Uint8Array, void> {
  yield contents;
}

export function describeFile(name: string, contents: Buffer): ManifestFile {
  return { name, size: contents.length, sha256: createHash("sha256").update(contents).digest("hex") };
}

function parseManifest(contents: Buffer, file: string): Manifest {
  let manifest: Partial<Manifest>;
  try {
    manifest = JSON.parse(contents.toString()) as Partial<Manifest>;
  } catch {
    throw unfit(file, "a manifest that is no JSON", "JSON");
  }
  if (manifest.format !== 1)
    throw unfit(file, `format ${String(manifest.format)}`, "format 1, which this version of Landfall reads");
  const { files, generation, cluster } = manifest;
  if (!Array.isArray(files) || typeof generation !== "string" || typeof cluster !== "string")
    throw unfit(file, "a manifest that lacks something", "cluster, generation and files");
  return manifest as Manifest;
}

function compare(expected: readonly ManifestFile[], seen: readonly ManifestFile[], file: string): void {
  const line = ({ name, size, sha256 }: ManifestFile) => `${name} ${size} ${sha256}`;
  const [wanted, there] = [new Set(expected.map(line)), new Set(seen.map(line))];
  const missing = expected.filter((each) => !there.has(line(each)));
  const added = seen.filter((each) => !wanted.has(line(each)));
  const wrong = [...new Set([...missing, ...added].map(({ name }) => name))];
  if (wrong.length > 0)
    throw unfit(file, `${wrong.slice(0, 5).join(", ")} missing or changed`, "what its manifest names");
}

function unfit(file: string, found: string, expected: string): LandfallError {
  return new LandfallError("archive-damaged", `${file} is not an archive that can be restored`, {
    found,
    expected,
    next: "take another copy of it",
  });
}

// An etcd snapshot as a member sends it: a bbolt database, and at its end the SHA-256 of all before.
import { createHash } from "node:crypto";
import { LandfallError } from "../spec/index.ts";

/** SHA-256 that etcd appends. */
const digestBytes = 32;
/** Of one message: etcd sends 32 KiB at a time, in base64. */
const longestLine = 4 * 1024 * 1024;

export interface SnapshotStream {
  /** Bytes, digest included. */
  readonly size: number;
  readonly chunks: AsyncIterable<Buffer>;
}

interface Message {
  readonly result?: { readonly remaining_bytes?: string; readonly blob?: string };
  readonly error?: { readonly message?: string };
}

/**
 * Reads what `POST /v3/maintenance/snapshot` answers: lines of JSON. Its size is known with the first of them; the
 * digest comes last.
 */
export async function readSnapshot(answer: AsyncIterable<Buffer>): Promise<SnapshotStream> {
  const messages = lines(answer);
  const first = await messages.next();
  if (first.done) throw failed("an empty answer");
  const { blob, remaining } = parse(first.value);
  const chunks = async function* () {
    yield blob;
    for await (const line of messages) yield parse(line).blob;
  };
  return { size: blob.length + remaining + digestBytes, chunks: chunks() };
}

async function* lines(answer: AsyncIterable<Buffer>): AsyncGenerator<string, void> {
  let held: Buffer[] = [];
  let length = 0;
  for await (const chunk of answer) {
    let rest = chunk;
    for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10)) {
      yield Buffer.concat([...held, rest.subarray(0, end)]).toString("utf8");
      [held, length, rest] = [[], 0, rest.subarray(end + 1)];
    }
    held.push(rest);
    length += rest.length;
    if (length > longestLine) throw failed(`a message of more than ${longestLine} bytes`);
  }
  if (length > 0) yield Buffer.concat(held).toString("utf8");
}

function parse(line: string): { readonly blob: Buffer; readonly remaining: number } {
  let message: Message;
  try {
    message = JSON.parse(line) as Message;
  } catch {
    throw failed(`no JSON: ${line.slice(0, 80)}`);
  }
  if (message.error !== undefined || message.result === undefined)
    throw failed(message.error?.message ?? "a message without a result");
  const { blob = "", remaining_bytes = "0" } = message.result;
  const remaining = Number(remaining_bytes);
  if (!Number.isSafeInteger(remaining) || remaining < 0) throw failed(`${remaining_bytes} bytes to come`);
  return { blob: Buffer.from(blob, "base64"), remaining };
}

/** What is known of a snapshot that was looked at from its first byte to its last. */
export interface SnapshotFacts {
  /** Bytes, digest included. */
  readonly size: number;
  /** Of the whole file, digest included; lower-case hex. */
  readonly sha256: string;
}

/** Looks at a snapshot as it passes by. */
export interface SnapshotCheck {
  readonly update: (chunk: Uint8Array) => void;
  /** @throws {LandfallError} `snapshot-damaged` unless it is the whole of a database, and what its member sent. */
  readonly finish: () => SnapshotFacts;
}

export function checkSnapshot(): SnapshotCheck {
  const whole = createHash("sha256");
  const before = createHash("sha256");
  let size = 0;
  let head: Buffer = Buffer.alloc(0);
  let tail: Buffer = Buffer.alloc(0);
  return {
    update(chunk) {
      size += chunk.length;
      whole.update(chunk);
      if (head.length < headBytes) head = Buffer.concat([head, chunk.slice(0, headBytes - head.length)]);
      tail = Buffer.concat([tail, chunk]);
      const passed = Math.max(0, tail.length - digestBytes);
      before.update(tail.subarray(0, passed));
      tail = Buffer.from(tail.subarray(passed));
    },
    finish() {
      const digest = before.digest();
      if (tail.length < digestBytes || !digest.equals(tail))
        throw damaged("a digest at its end that is not its own", "the SHA-256 that etcd appends");
      const pages = databaseSize(head);
      if (pages !== size - digestBytes)
        throw damaged(
          pages === undefined ? "no head of a bbolt database" : `${size - digestBytes} bytes of data`,
          pages === undefined ? "a snapshot of etcd" : `${pages}, as its head says`,
        );
      return { size, sha256: whole.digest("hex") };
    },
  };
}

// bbolt, on the disk: page 0 and page 1 each begin with 16 bytes of a page's header, and a `meta`.
const metaAt = 16;
const metaBytes = 64;
const largestPage = 64 * 1024;
const headBytes = largestPage + metaAt + metaBytes;
const magic = 0xed0cdaed;
const metaFlag = 4;

/** Bytes that the newer of both metas, of those which are intact, says that there are. */
function databaseSize(head: Buffer): number | undefined {
  const first = readMeta(head, 0);
  // With the first one torn, the second is where the machine's page size put it.
  const sizes = first === undefined ? [4096, 8192, 16384, 32768, largestPage] : [first.pageSize];
  const metas = [first, ...sizes.map((size) => readMeta(head, size))].filter((meta) => meta !== undefined);
  const [newest] = metas.toSorted((a, b) => (a.transaction < b.transaction ? 1 : -1));
  return newest === undefined ? undefined : newest.pageSize * newest.pages;
}

interface Meta {
  readonly pageSize: number;
  /** Of the database, used and free. */
  readonly pages: number;
  readonly transaction: bigint;
}

function readMeta(head: Buffer, page: number): Meta | undefined {
  const at = page + metaAt;
  if (head.length < at + metaBytes) return undefined;
  const meta = head.subarray(at, at + metaBytes);
  const isMeta = (head.readUInt16LE(page + 8) & metaFlag) !== 0;
  if (!isMeta || meta.readUInt32LE(0) !== magic || meta.readUInt32LE(4) !== 2) return undefined;
  if (fnv1a(meta.subarray(0, 56)) !== meta.readBigUInt64LE(56)) return undefined;
  return {
    pageSize: meta.readUInt32LE(8),
    pages: Number(meta.readBigUInt64LE(40)),
    transaction: meta.readBigUInt64LE(48),
  };
}

function fnv1a(bytes: Uint8Array): bigint {
  return bytes.reduce(
    (hash, byte) => BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n),
    0xcbf29ce484222325n,
  );
}

function failed(found: string): LandfallError {
  return new LandfallError("snapshot-failed", "etcd broke off its snapshot", {
    found,
    expected: "messages of etcd's Maintenance.Snapshot",
  });
}

function damaged(found: string, expected: string): LandfallError {
  return new LandfallError("snapshot-damaged", "the etcd snapshot is not whole", {
    found,
    expected,
    next: "nothing can be restored from it: take another copy of the archive, or another snapshot",
  });
}

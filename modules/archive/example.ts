// What the tests of this module stand on: snapshots made up, and members of etcd that send them.
import { createHash } from "node:crypto";
import type { EtcdPeer } from "./etcd.ts";

const pageSize = 4096;

/** A bbolt database of `pages` pages, of which only the head is one, with etcd's digest behind it. */
export function exampleSnapshot(pages = 40, torn: "first" | "none" = "none"): Buffer {
  const data = Buffer.alloc(pages * pageSize);
  for (let at = 2 * pageSize; at < data.length; at += 4)
    data.writeUInt32LE(Math.imul(at, 2654435761) >>> 0, at);
  writeMeta(data, 0, pages, 8n);
  writeMeta(data, pageSize, pages, 7n);
  if (torn === "first") data.writeUInt8(data.readUInt8(40) ^ 1, 40);
  return Buffer.concat([data, createHash("sha256").update(data).digest()]);
}

function writeMeta(data: Buffer, at: number, pages: number, transaction: bigint): void {
  data.writeUInt16LE(4, at + 8);
  const meta = data.subarray(at + 16, at + 80);
  meta.writeUInt32LE(0xed0cdaed, 0);
  meta.writeUInt32LE(2, 4);
  meta.writeUInt32LE(pageSize, 8);
  meta.writeBigUInt64LE(BigInt(pages), 40);
  meta.writeBigUInt64LE(transaction, 48);
  let hash = 0xcbf29ce484222325n;
  for (const byte of meta.subarray(0, 56))
    hash = ((hash ^ BigInt(byte)) * 0x100000001b3n) & 0xffffffffffffffffn;
  meta.writeBigUInt64LE(hash, 56);
}

/** As a member sends it: a line of JSON for each 32 KiB, the digest in the last; torn into `piece` bytes by the way. */
export async function* sent(snapshot: Buffer, piece = 10_000): AsyncGenerator<Buffer, void> {
  const data = snapshot.subarray(0, -32);
  const lines: string[] = [];
  for (let at = 0; at < data.length; at += 32_768) {
    const blob = data.subarray(at, at + 32_768);
    lines.push(line(blob, data.length - at - blob.length));
  }
  lines.push(line(snapshot.subarray(-32), 0));
  const text = Buffer.from(lines.join(""));
  for (let at = 0; at < text.length; at += piece) yield text.subarray(at, at + piece);
}

/** What is zero is left out, as protobuf's JSON may. */
function line(blob: Buffer, remaining: number): string {
  const counted = remaining === 0 ? {} : { remaining_bytes: String(remaining) };
  return `${JSON.stringify({ result: { ...counted, blob: blob.toString("base64"), version: "3.6.0" } })}\n`;
}

/** Members by name, and what each does when it is asked. */
export function exampleEtcd(members: Readonly<Record<string, () => AsyncIterable<Buffer>>>): EtcdPeer {
  return {
    revision: async () => "42",
    snapshot: ({ name }) => members[name]?.() ?? broken(`${name} is not there`),
  };
}

// biome-ignore lint/correctness/useYield: it fails before its first byte
export async function* broken(why: string): AsyncGenerator<Buffer, void> {
  throw new Error(why);
}

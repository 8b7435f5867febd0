import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { exampleSnapshot, sent } from "./example.ts";
import { checkSnapshot, readSnapshot } from "./snapshot.ts";

async function* one(text: string): AsyncGenerator<Buffer, void> {
  yield Buffer.from(text);
}

describe("what a member sends", () => {
  test.each([1, 7, 32_768, 10_000_000])("is the snapshot, torn into %i bytes", async (piece) => {
    // One byte at a time of little is as good as of much.
    const snapshot = exampleSnapshot(piece === 1 ? 3 : 40);
    const { size, chunks } = await readSnapshot(sent(snapshot, piece));
    expect(size).toBe(snapshot.length);
    const parts: Buffer[] = [];
    for await (const chunk of chunks) parts.push(chunk);
    expect(Buffer.concat(parts).equals(snapshot)).toBe(true);
  });

  test.each([
    ["nothing", "", "an empty answer"],
    ["no JSON", "<html>\n", "no JSON: <html>"],
    ["etcd's own error", '{"error":{"code":13,"message":"disk failed"}}\n', "disk failed"],
    ["a size that is none", '{"result":{"remaining_bytes":"-5","blob":""}}\n', "-5 bytes to come"],
    ["another kind of message", "{}\n", "a message without a result"],
    ["a line without an end", "x".repeat(4 * 1024 * 1024 + 1), "a message of more than 4194304 bytes"],
  ])("is refused: %s", async (_, text, found) => {
    await expect(readSnapshot(one(text))).rejects.toMatchObject({
      code: "snapshot-failed",
      details: { found },
    });
  });
});

describe("whether a snapshot is whole", () => {
  const check = (bytes: Buffer, piece = 5000) => {
    const checking = checkSnapshot();
    for (let at = 0; at < bytes.length; at += piece) checking.update(bytes.subarray(at, at + piece));
    return checking.finish();
  };
  const snapshot = exampleSnapshot();
  const facts = { size: snapshot.length, sha256: createHash("sha256").update(snapshot).digest("hex") };
  /** As if etcd itself had sent this: its digest is right. */
  const digested = (data: Buffer) => Buffer.concat([data, createHash("sha256").update(data).digest()]);

  test.each([7, 31, 32, 33, 4096, 1_000_000])("in pieces of %i bytes it is", (piece) => {
    expect(check(snapshot, piece)).toEqual(facts);
  });

  test("with its first page torn, its second says how long it is", () => {
    const torn = exampleSnapshot(40, "first");
    expect(check(torn).size).toBe(torn.length);
  });

  test.each([
    ["a byte is another", () => Buffer.from(snapshot).fill(snapshot[9000]! ^ 1, 9000, 9001), /not its own/],
    ["its end is gone", () => snapshot.subarray(0, -1), /not its own/],
    ["it is empty", () => Buffer.alloc(0), /not its own/],
    [
      "a page is missing, and the digest is right",
      () => digested(snapshot.subarray(0, -32 - 4096)),
      /bytes of data/,
    ],
    ["it is no database", () => digested(Buffer.alloc(200_000, "x")), /no head of a bbolt database/],
  ])("%s: it is not", (_, bytes, found) => {
    const thrown = (() => {
      try {
        return check(bytes());
      } catch (error) {
        return error;
      }
    })();
    expect(thrown).toMatchObject({
      code: "snapshot-damaged",
      details: { found: expect.stringMatching(found) },
    });
  });
});

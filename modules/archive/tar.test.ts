import fc from "fast-check";
import { expect, test } from "vitest";
import { readTar, type TarFile, writeTar } from "./tar.ts";

const part = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,60}$/);
const file = fc.record({
  name: fc.array(part, { minLength: 1, maxLength: 3 }).map((parts) => parts.join("/")),
  contents: fc.uint8Array({ maxLength: 2000 }).map((bytes) => Buffer.from(bytes)),
});

interface File {
  readonly name: string;
  readonly contents: Buffer;
}

async function* tarFiles(files: readonly File[]): AsyncGenerator<TarFile, void> {
  for (const { name, contents } of files) yield { name, size: contents.length, chunks: [contents] };
}

async function collect(chunks: TarFile["chunks"]): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const chunk of chunks) parts.push(chunk);
  return Buffer.concat(parts);
}

async function* torn(bytes: Buffer, piece: number): AsyncGenerator<Uint8Array, void> {
  for (let at = 0; at < bytes.length; at += piece) yield bytes.subarray(at, at + piece);
}

async function untar(bytes: Buffer, piece = 700): Promise<File[]> {
  const files: File[] = [];
  for await (const { name, chunks } of readTar(torn(bytes, piece)))
    files.push({ name, contents: await collect(chunks) });
  return files;
}

test("what goes in comes out, however it is torn on its way", () =>
  fc.assert(
    fc.asyncProperty(
      fc.array(file, { maxLength: 6 }),
      fc.integer({ min: 1, max: 3000 }),
      async (files, piece) => {
        expect(await untar(await collect(writeTar(tarFiles(files))), piece)).toEqual(files);
      },
    ),
    { numRuns: 30 },
  ));

const one = [{ name: "a/b.txt", contents: Buffer.from("text") }];

test("an end that is missing, and anything behind the end, is said", async () => {
  const whole = await collect(writeTar(tarFiles(one)));
  for (let length = 0; length < whole.length; length += 128)
    await expect(untar(whole.subarray(0, length)), `${length} bytes`).rejects.toMatchObject({
      code: "archive-damaged",
    });
  await expect(untar(Buffer.concat([whole, Buffer.from("x")]))).rejects.toMatchObject({
    details: { found: "something after its end" },
  });
});

/** The header's `at` byte is another, and its checksum right again. */
function edited(whole: Buffer, at: number, text: string): Buffer {
  const copy = Buffer.from(whole);
  copy.write(text, at);
  copy.fill(" ", 148, 156);
  const sum = copy.subarray(0, 512).reduce((total, byte) => total + byte, 0);
  copy.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return copy;
}

test.each([
  ["a way out of the folder", 0, "../etc/passwd\0"],
  ["an absolute name", 0, "/etc/passwd\0"],
  ["a symbolic link", 156, "2"],
  ["a folder", 156, "5"],
  ["a size that is none", 124, "77777zzzzzz\0"],
  ["a negative size", 124, "-0000000001\0"],
])("refused: %s", async (_, at, text) => {
  const whole = await collect(writeTar(tarFiles(one)));
  await expect(untar(edited(whole, at, text))).rejects.toMatchObject({ code: "archive-damaged" });
});

test("a header that was changed is known by its checksum", async () => {
  const whole = await collect(writeTar(tarFiles(one)));
  whole.write("c", 0);
  await expect(untar(whole)).rejects.toMatchObject({ details: { found: /checksum/ } });
});

test("a file that is not of the size that was said is an error of the writer", async () => {
  const wrong = async function* () {
    yield { name: "a", size: 3, chunks: [Buffer.from("ab")] };
  };
  await expect(collect(writeTar(wrong()))).rejects.toThrow("a was to be of 3 bytes, and is of 2");
});

// Files of this module that are part of what is built: recipes, units, the init.
import { createHash } from "node:crypto";
import { createReadStream, lstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";

/** Absolute path of a file or folder of this module. */
export function ownPath(...parts: string[]): string {
  return join(import.meta.dirname, ...parts);
}

/** A file of this module as a step's input: its text. */
export function ownText(...parts: string[]): string {
  return readFileSync(ownPath(...parts), "utf8");
}

/** A folder of this module as a step's input: path, mode and text of everything in it, sorted. */
export function ownFolder(...parts: string[]): readonly string[] {
  const root = ownPath(...parts);
  return readdirSync(root, { recursive: true, encoding: "utf8" })
    .sort()
    .filter((name) => !lstatSync(join(root, name)).isDirectory())
    .map((name) => {
      const status = lstatSync(join(root, name));
      const content = status.isSymbolicLink()
        ? readlinkSync(join(root, name))
        : readFileSync(join(root, name), "utf8");
      return `${name} ${status.mode & 0o111 ? "x" : "-"} ${content}`;
    });
}

/** Lower-case hex SHA-256 of a file, read as a stream. */
export async function sha256File(path: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash);
  return hash.digest("hex");
}

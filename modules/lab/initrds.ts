// Initrds of nspawn machines, unpacked: each once, beside its asset, for machines are chrooted into copies-on-write of it.
import { existsSync, readFileSync } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { run } from "./command.ts";

export class Initrds {
  readonly #folder: string;
  readonly #unpacking = new Map<string, Promise<string>>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Where an initrd that was unpacked before has its tree. */
  tree(sha256: string): string {
    return join(this.#folder, sha256, "tree");
  }

  /** Unpacks a verified file, once for all who ask at the same time; returns the tree. */
  unpack(file: string, sha256: string): Promise<string> {
    let unpacking = this.#unpacking.get(sha256);
    if (unpacking === undefined) {
      unpacking = this.#unpack(file, this.tree(sha256));
      unpacking.catch(() => this.#unpacking.delete(sha256));
      this.#unpacking.set(sha256, unpacking);
    }
    return unpacking;
  }

  async #unpack(file: string, tree: string): Promise<string> {
    if (existsSync(tree)) return tree;
    const partial = `${tree}.${process.hrtime.bigint()}`;
    await mkdir(partial, { recursive: true });
    const magic = readFileSync(file).subarray(0, 4).toString("hex");
    const reader = magic.startsWith("1f8b") ? "gzip -dc" : magic === "28b52ffd" ? "zstd -dc" : "cat";
    const unpack = `set -e; cd "$2"; ${reader} < "$1" | busybox cpio -idm 2>&1`;
    try {
      await run(["sh", "-c", unpack, "sh", file, partial]);
      // Another lab may have been quicker.
      if (!existsSync(tree)) await rename(partial, tree);
    } finally {
      await rm(partial, { recursive: true, force: true });
    }
    return tree;
  }
}

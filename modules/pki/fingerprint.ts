import { createHash } from "node:crypto";
import type { DeliveredFile } from "./types.ts";

/** SHA-256, as hex digits. */
export function sha256(bytes: Buffer | string): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** 64 hex digits that change with any path, mode or byte of a delivery, and not with the order of its files. */
export function filesFingerprint(files: readonly DeliveredFile[]): string {
  const lines = files.map((file) => `${file.path}\0${file.mode.toString(8)}\0${sha256(file.contents)}\n`);
  return sha256(lines.toSorted().join(""));
}

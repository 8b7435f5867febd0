import nodeFs, { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { StoreFs } from "./store.ts";

/** The real file system, but for what takes time: the disk's own, and a lock that nobody else asks for. */
export const unsynced: StoreFs = { ...nodeFs, fsyncSync: () => {}, flockSync: () => {} };

/** Runs `action` with a folder of its own, which is removed afterwards. */
export function inTemporaryFolder<T>(action: (dir: string) => T): T {
  const dir = mkdtempSync(join(tmpdir(), "landfall-pki-"));
  try {
    return action(dir);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

import nodeFs, { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { StoreFs } from "./store.ts";

/** The real file system, but for the disk's own time. */
export const unsynced: StoreFs = { ...nodeFs, fsyncSync: () => {} };

/** Runs `action` with a folder of its own, which is removed afterwards. */
export function inTemporaryFolder<T>(action: (dir: string) => T): T {
  const dir = mkdtempSync(join(tmpdir(), "landfall-pki-"));
  try {
    return action(dir);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

import { renameSync } from "node:fs";
import { generationOf } from "./ensure.ts";
import { readAuthority } from "./roots.ts";
import { openStore } from "./store.ts";

/**
 * Sets a cluster's store aside under its own name with `.retired-GENERATION`, so that the next landing of the same
 * cluster starts with authorities of its own. Returns the new place, or undefined where there was nothing to retire:
 * doing it again changes nothing.
 */
export function retire(storeDir: string): string | undefined {
  const store = openStore(storeDir);
  if (!store.exists()) return undefined;
  return store.locked(() => {
    const kubernetes = readAuthority(store, "kubernetes");
    // Killed before its first authority: nothing hangs on it, and the next landing may go on with it.
    if (kubernetes === undefined) return undefined;
    const retired = `${storeDir}.retired-${generationOf(kubernetes)}`;
    renameSync(storeDir, retired);
    return retired;
  });
}

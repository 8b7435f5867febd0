import { homedir } from "node:os";
import { join } from "node:path";
import { buildTools, runProcess, type Tools } from "../../modules/release/index.ts";

export const cacheDir = process.env.LANDFALL_CACHE ?? join(homedir(), ".cache", "landfall");

/** The pinned tools: where set-up has built them, or built now, which takes minutes. */
export function peerTools(): Promise<Tools> {
  return buildTools({ cacheDir, run: runProcess });
}

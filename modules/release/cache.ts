import type { Run } from "./types.ts";

/** Bytes that the cache takes on its disk; files that are in several steps count once. Go's own caches are apart. */
export async function cacheSize(cacheDir: string, run: Run): Promise<number> {
  const [bytes] = (await run("du", ["--summarize", "--one-file-system", "--block-size=1", cacheDir])).split(
    "\t",
  );
  return Number(bytes);
}

// Assets as machines keep them: fetched over the lab's network by the machine that needs one first, verified, and then
// shared by all of them (and by later labs), since nspawn machines could not change them anyway.
import { createHash, randomUUID } from "node:crypto";
import { createReadStream, existsSync } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { LandfallError } from "../spec/index.ts";

export interface AssetName {
  readonly sha256: string;
  readonly name: string;
}

/**
 * The hash and name in `<boot.http>/assets/<sha256>/<name>`.
 * @throws LandfallError `asset-unverifiable`: a URL without a hash.
 */
export function parseAssetUrl(url: string): AssetName {
  const match = /\/assets\/([0-9a-f]{64})\/([^/?#]+)$/.exec(url);
  if (match === null) {
    throw new LandfallError("asset-unverifiable", "an asset's URL must carry its hash", {
      found: url,
      expected: ".../assets/<sha256>/<name>",
    });
  }
  return { sha256: match[1]!, name: match[2]! };
}

export async function sha256OfFile(path: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), hash);
  return hash.digest("hex");
}

export class AssetCache {
  /** The folder: `<sha256>/<name>` below it. */
  readonly folder: string;
  readonly #fetching = new Map<string, Promise<string>>();

  constructor(folder: string) {
    this.folder = folder;
  }

  /**
   * The verified file of an asset; `download` is called once for all who ask at the same time.
   * @param download writes the asset to a path.
   * @throws LandfallError `asset-corrupt`: what was downloaded has another hash.
   */
  get(asset: AssetName, download: (to: string) => Promise<void>): Promise<string> {
    const path = join(this.folder, asset.sha256, asset.name);
    if (existsSync(path)) return Promise.resolve(path);
    let fetching = this.#fetching.get(path);
    if (fetching === undefined) {
      fetching = this.#fetch(asset, path, download).finally(() => this.#fetching.delete(path));
      this.#fetching.set(path, fetching);
    }
    return fetching;
  }

  async #fetch(asset: AssetName, path: string, download: (to: string) => Promise<void>): Promise<string> {
    await mkdir(join(this.folder, asset.sha256), { recursive: true });
    const partial = `${path}.${randomUUID()}`;
    try {
      await download(partial);
      const found = await sha256OfFile(partial);
      if (found !== asset.sha256) {
        throw new LandfallError("asset-corrupt", `${asset.name} is not what its URL says`, {
          found: `sha256 ${found}`,
          expected: `sha256 ${asset.sha256}`,
          next: "publish the release again",
        });
      }
      await rename(partial, path);
    } finally {
      await rm(partial, { force: true });
    }
    return path;
  }
}

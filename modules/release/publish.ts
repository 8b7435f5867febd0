// Puts a release where the boot service serves it.
import { randomBytes } from "node:crypto";
import { constants, copyFileSync, linkSync, mkdirSync, renameSync, rmSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { LandfallError } from "../spec/error.ts";
import { sha256File } from "./files.ts";
import { releaseFilePath } from "./release.ts";
import type { Release, ReleaseFile, ReleaseFileKind } from "./types.ts";

/**
 * Puts each file at `<assetsDir>/<sha256>/<name>`: a hard link where that can be, a copy otherwise. A file appears there
 * whole and with the right hash, or not at all; what is there already is left. The loader is put at `loaderPath` below
 * `assetsDir` too, where boot scripts look for it: they know of no release.
 * @throws LandfallError `release-damaged` when a file in the cache is not what the manifest says
 */
export async function publishRelease(
  release: Release,
  cacheDir: string,
  assetsDir: string,
  loaderPath: string,
): Promise<void> {
  for (const kind of Object.keys(release.files) as ReleaseFileKind[]) {
    await publish(release.files[kind], releaseFilePath(release, kind, cacheDir), assetsDir);
  }
  const { sha256, name } = release.files.loader;
  put(join(assetsDir, sha256, name), join(assetsDir, loaderPath));
}

async function publish(file: ReleaseFile, source: string, assetsDir: string): Promise<void> {
  const target = join(assetsDir, file.sha256, file.name);
  if (sizeOf(target) === file.size) return;
  const found = await sha256File(source);
  if (found !== file.sha256) {
    throw new LandfallError("release-damaged", `${source} is not the file that was built`, {
      found: `SHA-256 ${found}`,
      expected: file.sha256,
      next: "remove the release's folder from the cache and build it again",
    });
  }
  put(source, target);
}

/** Whole or not at all, in place of what was there. */
function put(source: string, target: string): void {
  const folder = dirname(target);
  mkdirSync(folder, { recursive: true });
  const fresh = join(folder, `.${basename(target)}.${randomBytes(4).toString("hex")}`);
  try {
    try {
      linkSync(source, fresh);
    } catch {
      copyFileSync(source, fresh, constants.COPYFILE_FICLONE);
    }
    renameSync(fresh, target);
  } finally {
    rmSync(fresh, { force: true });
  }
}

function sizeOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.size;
}

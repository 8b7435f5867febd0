// kubeadm's machines have the same files as Landfall's, and kubeadm besides.
import { createHash } from "node:crypto";
import { copyFileSync, createReadStream, existsSync, mkdirSync, renameSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import {
  buildRelease,
  buildTool,
  type Release,
  type ReleaseFile,
  releaseFilePath,
  runProcess,
} from "../../../modules/release/index.ts";

export interface KubeadmRelease {
  readonly release: Release;
  /** Absolute path by file of the release. */
  readonly paths: Readonly<Record<keyof Release["files"], string>>;
}

/** The release of a Kubernetes version with kubeadm added to its programs; a second time comes from the cache. */
export async function kubeadmRelease(kubernetes: string, cacheDir: string): Promise<KubeadmRelease> {
  const build = { cacheDir, kubernetes, run: runProcess };
  const release = await buildRelease(build);
  const program = await buildTool("kubeadm", build);
  const folder = join(cacheDir, "bench", release.id);
  const path = join(folder, "kubernetes.squashfs");
  if (!existsSync(path)) {
    mkdirSync(folder, { recursive: true });
    const fresh = `${path}.new`;
    rmSync(fresh, { force: true });
    copyFileSync(releaseFilePath(release, "kubernetes", cacheDir), fresh);
    // Onto an archive that is there, mksquashfs adds.
    await runProcess("mksquashfs", [program, fresh, "-no-progress", "-all-root", "-quiet"]);
    renameSync(fresh, path);
  }
  const kubernetesFile: ReleaseFile = {
    name: "kubernetes.squashfs",
    sha256: await sha256(path),
    size: statSync(path).size,
  };
  return {
    release: { ...release, files: { ...release.files, kubernetes: kubernetesFile } },
    paths: {
      kernel: releaseFilePath(release, "kernel", cacheDir),
      initrd: releaseFilePath(release, "initrd", cacheDir),
      root: releaseFilePath(release, "root", cacheDir),
      kubernetes: path,
      loader: releaseFilePath(release, "loader", cacheDir),
    },
  };
}

async function sha256(path: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash);
  return hash.digest("hex");
}

// A release as a graph of steps, from pinned sources to files with their hashes.
import { copyFileSync, linkSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { LandfallError } from "../spec/error.ts";
import { ownFolder, ownPath, sha256File } from "./files.ts";
import { firstObjectsFile, firstObjectsStep } from "./first-objects.ts";
import { goStep } from "./go.ts";
import { type ImageStep, kubernetesPrograms, releaseImages } from "./images.ts";
import { goModules, knownReleases } from "./pins.ts";
import { recipeStep } from "./recipe.ts";
import { buildSteps, defineStep, isBuilt, outputPath, type Step, type StepContext } from "./step.ts";
import { squashfsCompression, systemSteps } from "./system.ts";
import type { BuildOptions, Release, ReleaseFile, ReleaseFileKind } from "./types.ts";

const manifestName = "manifest.json";
const fileNames: Readonly<Record<ReleaseFileKind, string>> = {
  kernel: "kernel",
  initrd: "initrd",
  root: "root.squashfs",
  kubernetes: "kubernetes.squashfs",
  loader: "bootx64.efi",
};

/**
 * Builds a release, or finds it built: then it is a matter of milliseconds.
 * @throws LandfallError `release-unknown`, `tool-missing`, `build-failed`, `build-cancelled`, `apt-sources-missing`
 */
export async function buildRelease(
  options: BuildOptions & { readonly kubernetes: string },
): Promise<Release> {
  const step = releaseStep(options.kubernetes);
  await buildSteps([step], options);
  return readManifest(outputPath(step, options.cacheDir));
}

/** The release if these sources and recipes have been built into this cache. Reads its manifest only. */
export function resolveRelease(kubernetes: string, cacheDir: string): Release | undefined {
  const step = releaseStep(kubernetes);
  return isBuilt(step, cacheDir) ? readManifest(outputPath(step, cacheDir)) : undefined;
}

/** Absolute path of a release's file in the cache. */
export function releaseFilePath(release: Release, kind: ReleaseFileKind, cacheDir: string): string {
  const { sha256, name } = release.files[kind];
  return join(releaseFolder(release, cacheDir), "files", sha256, name);
}

/** Absolute path of the initrd's contents as a folder, to be read only: for machines that are chrooted into it. */
export function initrdTree(release: Release, cacheDir: string): string {
  return join(releaseFolder(release, cacheDir), "initrd");
}

/** The release's step; its output has the manifest and every file by its hash. */
export function releaseStep(kubernetes: string): Step {
  if (!knownReleases.includes(kubernetes)) {
    throw new LandfallError("release-unknown", `no Kubernetes release ${kubernetes} is known`, {
      found: kubernetes,
      expected: knownReleases.join(" or "),
    });
  }
  const system = systemSteps();
  const programs = kubernetesPrograms(kubernetes);
  const images = releaseImages(kubernetes, programs, system.debian);
  const store = storeStep(`store-${kubernetes}`, system.containerd, images);
  const squashfs = kubernetesSquashfs(kubernetes, programs, store, images);
  const needs = [system.root, system.initrd, system.loader, system.debian, squashfs];
  const name = `release-${kubernetes}`;
  const step: Step = defineStep(name, { fileNames }, needs, async (context) => {
    const from = (source: Step, file: string) => join(context.outputOf(source), file);
    const files = {
      kernel: await keep(context, from(system.root, "kernel"), fileNames.kernel),
      initrd: await keep(context, from(system.initrd, "initrd"), fileNames.initrd),
      root: await keep(context, from(system.root, "root.squashfs"), fileNames.root),
      kubernetes: await keep(context, from(squashfs, "kubernetes.squashfs"), fileNames.kubernetes),
      loader: await keep(context, from(system.loader, "bootx64.efi"), fileNames.loader),
    };
    await context.run("cp", ["-al", from(system.initrd, "tree"), join(context.out, "initrd")]);
    const release: Release = {
      id: `${kubernetes}-${step.key}`,
      kubernetes,
      versions: versions(kubernetes, readFileSync(from(system.debian, "packages"), "utf8")),
      files,
      images: Object.fromEntries(images.map((image) => [image.name, image.reference])),
    };
    writeFileSync(join(context.out, manifestName), `${JSON.stringify(release, null, 2)}\n`);
  });
  return step;
}

/** A containerd store with these images unpacked. */
export function storeStep(name: string, containerd: Step, images: readonly ImageStep[]): Step {
  return recipeStep(name, {
    recipe: "store.sh",
    needs: [containerd, ...images.map((image) => image.step)],
    paths: ({ outputOf }) => ({
      CONTAINERD: outputOf(containerd),
      IMAGES: images.map((image) => `${outputOf(image.step)} ${image.reference}`).join("\n"),
    }),
  });
}

function kubernetesSquashfs(
  kubernetes: string,
  programs: Step,
  store: Step,
  images: readonly ImageStep[],
): Step {
  const etcdctl = goStep("etcdctl", goModules.etcdctl);
  const objects = firstObjectsStep(kubernetes, programs, goStep("etcd", goModules.etcd));
  return recipeStep(`kubernetes-${kubernetes}`, {
    recipe: "kubernetes.sh",
    inputs: ownFolder("kubernetes"),
    needs: [programs, etcdctl, objects, store],
    variables: {
      COMPRESSION: squashfsCompression,
      PAUSE: images.find((image) => image.name === "pause")!.reference,
    },
    paths: ({ outputOf }) => ({
      KUBERNETES: outputOf(programs),
      ETCDCTL: outputOf(etcdctl),
      OBJECTS: join(outputOf(objects), firstObjectsFile),
      STORE: outputOf(store),
      FILES: ownPath("kubernetes"),
    }),
  });
}

/** Puts a file into the release under its hash, without a second copy where the file system can. */
async function keep(context: StepContext, source: string, name: string): Promise<ReleaseFile> {
  const sha256 = await sha256File(source);
  const folder = join(context.out, "files", sha256);
  mkdirSync(folder, { recursive: true });
  try {
    linkSync(source, join(folder, name));
  } catch {
    copyFileSync(source, join(folder, name));
  }
  return { name, sha256, size: statSync(source).size };
}

/** @param packages lines "NAME VERSION" of the Debian tree */
function versions(kubernetes: string, packages: string): Record<string, string> {
  const installed = new Map(packages.split("\n").map((line) => line.split(" ") as [string, string]));
  const debianVersion = (name: string) => installed.get(name) ?? "none";
  return {
    kubernetes,
    etcd: goModules.etcd.version.slice(1),
    containerd: goModules.containerd.version.slice(1),
    coredns: goModules.coredns.version.slice(1),
    cni: goModules.cni.version.slice(1),
    ignition: goModules.ignition.version.slice(1),
    "kube-router": goModules["kube-router"].version.slice(1),
    linux: debianVersion("linux-image-cloud-amd64"),
    ...Object.fromEntries(
      ["systemd", "runc", "haproxy", "keepalived", "openssh-server"].map((name) => [
        name,
        debianVersion(name),
      ]),
    ),
  };
}

function readManifest(folder: string): Release {
  return JSON.parse(readFileSync(join(folder, manifestName), "utf8")) as Release;
}

function releaseFolder(release: Release, cacheDir: string): string {
  return join(cacheDir, "steps", `release-${release.id}`);
}

// The operating system of a release: Debian's tree, the root image, the initrd.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { readAptSources } from "./apt.ts";
import { ownFolder, ownPath, ownText } from "./files.ts";
import { goStep } from "./go.ts";
import { debian, goModules, initrdModules } from "./pins.ts";
import { recipeStep } from "./recipe.ts";
import type { Step } from "./step.ts";

export interface SystemSteps {
  readonly containerd: Step;
  readonly debian: Step;
  readonly root: Step;
  readonly initrd: Step;
  readonly loader: Step;
}

/**
 * Programs are decompressed while a machine starts, and the file travels to it first. Measured on the 620 MB of Kubernetes'
 * image, reading the kubelet from a fresh mount: zstd 193 MB, 0.18 s; lz4 296 MB, 0.08 s; zstd's higher levels save 2 %.
 */
export const squashfsCompression = "zstd -Xcompression-level 6";

/** In the root and in the initrd. */
const releasesProgram = ["root", "usr", "lib", "landfall", "releases"];

export function systemSteps(): SystemSteps {
  const containerd = goStep("containerd", goModules.containerd);
  const cni = goStep("cni", goModules.cni);
  const tree = debianStep("debian", debian.packages);
  const ignition = goStep("ignition", goModules.ignition, tree);
  const root = recipeStep("root", {
    recipe: "root.sh",
    inputs: ownFolder("root"),
    needs: [tree, containerd, cni],
    variables: { COMPRESSION: squashfsCompression },
    paths: ({ outputOf }) => ({
      DEBIAN: outputOf(tree),
      CONTAINERD: outputOf(containerd),
      CNI: outputOf(cni),
      FILES: ownPath("root"),
    }),
  });
  const loader = recipeStep("loader", {
    recipe: "loader.sh",
    inputs: ownFolder("loader"),
    paths: () => ({ CONFIG: ownPath("loader", "grub.cfg") }),
  });
  const initrd = recipeStep("initrd", {
    recipe: "initrd.sh",
    inputs: [ownFolder("initrd"), ownText(...releasesProgram)],
    needs: [tree, ignition, loader],
    variables: { MODULES: initrdModules.join(" ") },
    paths: ({ outputOf }) => ({
      DEBIAN: outputOf(tree),
      IGNITION: outputOf(ignition),
      LOADER: outputOf(loader),
      FILES: ownPath("initrd"),
      RELEASES: ownPath(...releasesProgram),
    }),
  });
  return { containerd, debian: tree, root, initrd, loader };
}

/** A step that installs packages, with all that they need, into `tree/`. */
export function debianStep(name: string, packages: readonly string[]): Step {
  return recipeStep(name, {
    recipe: "debian.sh",
    variables: { SUITE: debian.suite, PACKAGES: packages.join(",") },
    paths: ({ out }) => {
      const file = join(out, "apt.sources");
      writeFileSync(file, readAptSources("/etc/apt", debian.suite));
      return { APT_SOURCES: file };
    },
  });
}

// Kubernetes' own e2e tests for a release, with images for those whose images can be made from Go modules and Debian.
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { goStep, kubernetesStep, kubernetesTestStep } from "./go.ts";
import { kubernetesPrograms } from "./images.ts";
import { goModules } from "./pins.ts";
import { buildSteps, defineStep, outputPath, type Step } from "./step.ts";
import { testImages } from "./test-images.ts";
import type { BuildOptions } from "./types.ts";

export interface Conformance {
  /** Absolute path of the e2e.test binary. */
  readonly e2eTest: string;
  /** Absolute path of ginkgo, which runs specs of e2e.test in parallel. */
  readonly ginkgo: string;
  /** Absolute path of kubectl, which specs of sig-cli call. */
  readonly kubectl: string;
  /** Absolute path of containerd's ctr. */
  readonly ctr: string;
  /** Absolute paths of OCI archives, for `ctr --namespace k8s.io images import` on every machine that runs tests. */
  readonly images: readonly string[];
  /** Absolute path of the file for KUBE_TEST_REPO_LIST: makes the tests ask for these images. */
  readonly repoList: string;
}

/**
 * Builds the e2e tests of a release and their images; several minutes the first time.
 * @throws LandfallError `release-unknown`, and those of buildRelease
 */
export async function buildConformance(
  options: BuildOptions & { readonly kubernetes: string },
): Promise<Conformance> {
  const { kubernetes, cacheDir } = options;
  const e2e = kubernetesTestStep("e2e", kubernetes, "k8s.io/kubernetes/test/e2e");
  // Of the very version that e2e.test is compiled with: the two talk to each other.
  const ginkgo = kubernetesStep("ginkgo", kubernetes, ["github.com/onsi/ginkgo/v2/ginkgo"]);
  const programs = kubernetesPrograms(kubernetes);
  const containerd = goStep("containerd", goModules.containerd);
  const archives = archivesStep(kubernetes);
  await buildSteps([archives, e2e, ginkgo, programs, containerd], options);
  const program = (step: Step, name: string) => join(outputPath(step, cacheDir), "bin", name);
  const folder = outputPath(archives, cacheDir);
  return {
    e2eTest: program(e2e, "e2e.test"),
    ginkgo: program(ginkgo, "ginkgo"),
    kubectl: program(programs, "kubectl"),
    ctr: program(containerd, "ctr"),
    images: readdirSync(folder)
      .filter((name) => name.endsWith(".tar"))
      .map((name) => join(folder, name)),
    repoList: join(folder, "repositories.yaml"),
  };
}

function archivesStep(kubernetes: string) {
  const images = testImages(kubernetes);
  const repositories = ["promoterE2eRegistry", "gcRegistry", "gcEtcdRegistry"]
    .map((name) => `${name}: landfall.local\n`)
    .join("");
  const needs = images.map((image) => image.step);
  return defineStep(
    `conformance-images-${kubernetes}`,
    { repositories },
    needs,
    async ({ out, run, outputOf }) => {
      for (const image of images) {
        const layout = outputOf(image.step);
        await run("tar", ["--create", "--file", join(out, `${image.name}.tar`), "--directory", layout, "."]);
      }
      writeFileSync(join(out, "repositories.yaml"), repositories);
    },
  );
}

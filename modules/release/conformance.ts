// Kubernetes' own e2e tests for a release, with images for those whose images can be made from Go modules and Debian.
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { LandfallError } from "../spec/error.ts";
import { ownText } from "./files.ts";
import { kubernetesStep, kubernetesTestStep, ownGoStep } from "./go.ts";
import { type ImageStep, imageStep } from "./images.ts";
import { testImageTags } from "./pins.ts";
import { buildSteps, defineStep, outputPath } from "./step.ts";
import { systemSteps } from "./system.ts";
import type { BuildOptions } from "./types.ts";

export interface Conformance {
  /** Absolute path of the e2e.test binary. */
  readonly e2eTest: string;
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
  const archives = archivesStep(kubernetes);
  await buildSteps([archives, e2e], options);
  const folder = outputPath(archives, cacheDir);
  return {
    e2eTest: join(outputPath(e2e, cacheDir), "bin", "e2e.test"),
    images: readdirSync(folder)
      .filter((name) => name.endsWith(".tar"))
      .map((name) => join(folder, name)),
    repoList: join(folder, "repositories.yaml"),
  };
}

function archivesStep(kubernetes: string) {
  const images = testImages(kubernetes);
  const repositories = ["promoterE2eRegistry", "gcRegistry"]
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

/** What shell commands of the tests call. */
const applets = [
  [
    "sh",
    "ash",
    "cat",
    "chmod",
    "chown",
    "cp",
    "cut",
    "date",
    "dd",
    "df",
    "dirname",
    "du",
    "echo",
    "env",
    "expr",
    "false",
  ],
  [
    "find",
    "grep",
    "head",
    "hostname",
    "id",
    "ifconfig",
    "kill",
    "ln",
    "ls",
    "mkdir",
    "mktemp",
    "mount",
    "mv",
    "nc",
    "netstat",
  ],
  [
    "nslookup",
    "ping",
    "printf",
    "ps",
    "pwd",
    "rm",
    "rmdir",
    "route",
    "sed",
    "seq",
    "sleep",
    "sort",
    "stat",
    "sync",
    "tail",
  ],
  [
    "tar",
    "tee",
    "test",
    "timeout",
    "top",
    "touch",
    "tr",
    "true",
    "umount",
    "uname",
    "uniq",
    "wc",
    "wget",
    "which",
    "xargs",
  ],
].flat();

function testImages(kubernetes: string): readonly ImageStep[] {
  const tags = testImageTags[kubernetes];
  if (tags === undefined) {
    throw new LandfallError("release-unknown", `no test images of Kubernetes ${kubernetes} are known`, {
      found: kubernetes,
      expected: Object.keys(testImageTags).join(" or "),
    });
  }
  const { debian } = systemSteps();
  const agnhost = kubernetesStep("agnhost", kubernetes, ["k8s.io/kubernetes/test/images/agnhost"]);
  const shell = Object.fromEntries(applets.map((name) => [`/usr/bin/${name}`, "busybox"]));
  return [
    imageStep("agnhost", debian, {
      version: tags.agnhost,
      binaries: [{ step: agnhost, binary: "agnhost" }],
      programs: ["/usr/bin/busybox", "/usr/bin/curl", "/usr/bin/ss"],
      links: { ...shell, "/agnhost": "usr/local/bin/agnhost", "/agnhost-2": "usr/local/bin/agnhost" },
      entrypoint: ["/agnhost"],
      command: ["pause"],
    }),
    imageStep("busybox", debian, {
      version: tags.busybox,
      binaries: [],
      programs: ["/usr/bin/busybox"],
      links: shell,
      entrypoint: [],
      command: ["sh"],
    }),
    imageStep("pause", debian, {
      version: tags.pause,
      binaries: [{ step: ownGoStep("pause", ownText("pause", "main.go")), binary: "pause" }],
      user: "65535:65535",
    }),
  ];
}

// Programs of this computer that clusters and their tests are made with, built from the same pins.
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { goStep, kubernetesStep } from "./go.ts";
import { kubernetesPrograms } from "./images.ts";
import { goModules, knownReleases, terraformProviders } from "./pins.ts";
import { buildSteps, defineStep, isBuilt, outputPath, type Step } from "./step.ts";
import type { BuildOptions, Tools } from "./types.ts";

export type ToolName =
  | "matchbox"
  | "bootcmd"
  | "ignition-validate"
  | "kubectl"
  | "kube-apiserver"
  | "kube-controller-manager"
  | "etcd"
  | "etcdctl"
  | "etcdutl"
  | "kubeadm"
  | "kube-router"
  | "containerd"
  | "ctr";

const names = ["matchbox", "bootcmd", "ignition-validate", "kubectl", "etcdctl"] as const;

/**
 * Builds all that a lab and Terraform need; milliseconds when they are in the cache.
 * @param options.kubernetes whose kubectl. Default: the first known release.
 */
export async function buildTools(options: BuildOptions & { readonly kubernetes?: string }): Promise<Tools> {
  const tools = names.map((name) => toolStep(name, options.kubernetes));
  const mirror = mirrorStep();
  await buildSteps([...new Set([...tools.map((tool) => tool.step), mirror])], options);
  return toolsIn(options);
}

/** The same tools if they have been built into this cache; reads no more than that. */
export function resolveTools(cacheDir: string, kubernetes?: string): Tools | undefined {
  const steps = [...names.map((name) => toolStep(name, kubernetes).step), mirrorStep()];
  if (!steps.every((step) => isBuilt(step, cacheDir))) return undefined;
  return toolsIn({ cacheDir, ...(kubernetes !== undefined && { kubernetes }) });
}

function toolsIn(options: { readonly cacheDir: string; readonly kubernetes?: string }): Tools {
  const mirror = mirrorStep();
  const path = (name: ToolName) => toolPath(name, options);
  const terraformMirror = join(outputPath(mirror, options.cacheDir), "mirror");
  return {
    matchbox: path("matchbox"),
    bootcmd: path("bootcmd"),
    ignitionValidate: path("ignition-validate"),
    kubectl: path("kubectl"),
    etcdctl: path("etcdctl"),
    terraformMirror,
    terraformConfig: writeTerraformConfig(options.cacheDir, mirror.key, terraformMirror),
  };
}

/** Builds one program and resolves to its absolute path. */
export async function buildTool(
  name: ToolName,
  options: BuildOptions & { readonly kubernetes?: string },
): Promise<string> {
  await buildSteps([toolStep(name, options.kubernetes).step], options);
  return toolPath(name, options);
}

function toolPath(
  name: ToolName,
  options: { readonly cacheDir: string; readonly kubernetes?: string | undefined },
): string {
  const { step, binary } = toolStep(name, options.kubernetes);
  return join(outputPath(step, options.cacheDir), "bin", binary);
}

function toolStep(
  name: ToolName,
  kubernetes = knownReleases[0]!,
): { readonly step: Step; readonly binary: string } {
  switch (name) {
    case "matchbox":
    case "bootcmd":
      return { step: goStep("matchbox", goModules.matchbox), binary: name };
    case "ignition-validate":
      return { step: goStep("ignition-validate", goModules["ignition-validate"]), binary: "validate" };
    case "kubectl":
    case "kube-apiserver":
    case "kube-controller-manager":
      return { step: kubernetesPrograms(kubernetes), binary: name };
    case "etcd":
      return { step: goStep("etcd", goModules.etcd), binary: "server" };
    case "etcdctl":
      return { step: goStep("etcdctl", goModules.etcdctl), binary: name };
    case "etcdutl":
      return { step: goStep("etcdutl", goModules.etcdutl), binary: name };
    case "kubeadm":
      return {
        step: kubernetesStep("kubeadm", kubernetes, ["k8s.io/kubernetes/cmd/kubeadm"]),
        binary: name,
      };
    case "kube-router":
      return { step: goStep("kube-router", goModules["kube-router"]), binary: name };
    case "containerd":
    case "ctr":
      return { step: goStep("containerd", goModules.containerd), binary: name };
  }
}

/** Providers in the layout of Terraform's filesystem mirror, by the version that each is offered under. */
function mirrorStep(): Step {
  const providers = terraformProviders.map((provider) => ({
    ...provider,
    step: goStep(provider.tool, goModules[provider.tool]),
  }));
  return defineStep(
    "terraform-mirror",
    terraformProviders,
    providers.map((provider) => provider.step),
    async ({ out, outputOf }) => {
      for (const { source, tool, version, step } of providers) {
        const folder = join(out, "mirror", source, version, "linux_amd64");
        mkdirSync(folder, { recursive: true });
        copyFileSync(join(outputOf(step), "bin", tool), join(folder, `${tool}_v${version}`));
      }
    },
  );
}

/** Terraform takes every provider from the mirror and asks nobody else. */
function writeTerraformConfig(cacheDir: string, key: string, mirror: string): string {
  const path = join(cacheDir, `terraform-${key}.rc`);
  const text = `disable_checkpoint = true
provider_installation {
  filesystem_mirror {
    path    = ${JSON.stringify(mirror)}
    include = ["registry.terraform.io/*/*", "registry.opentofu.org/*/*"]
  }
}
`;
  if (!existsSync(path) || readFileSync(path, "utf8") !== text) {
    writeFileSync(`${path}.new`, text);
    renameSync(`${path}.new`, path);
  }
  return path;
}

// Programs built from Go modules, with flags that make the same bytes from the same sources.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { LandfallError } from "../spec/error.ts";
import { ownPath, ownText } from "./files.ts";
import type { GoModule, GoPatch } from "./pins.ts";
import { defineStep, type Step, type StepContext } from "./step.ts";

const flags = ["-trimpath", "-ldflags"] as const;
const stripped = "-s -w";

/**
 * A step that builds a module's packages into `bin/`, with `go.mod` and `go.sum` beside it as evidence.
 * @param cgo a Debian tree whose C libraries the programs are linked with, so that they run in images made of it.
 *   Default: no C, and no libraries.
 */
export function goStep(name: string, source: GoModule, cgo?: Step): Step {
  const ldflags = [stripped, ...(source.variables ?? []).map((variable) => `-X ${variable}`)].join(" ");
  return defineStep(
    `go-${name}`,
    { source, flags, stripped },
    cgo === undefined ? [] : [cgo],
    async (context) => {
      const work = join(context.out, "src");
      mkdirSync(work);
      const lines = [
        `module landfall.build/${name}`,
        "",
        `go ${source.go}`,
        "",
        `require ${source.module} ${source.version}`,
      ];
      writeFileSync(join(work, "go.mod"), `${[...lines, ...(source.extra ?? [])].join("\n")}\n`);
      const sysroot = cgo === undefined ? undefined : join(context.outputOf(cgo), "tree");
      await patch(context, work, source.patches ?? []);
      await goBuild(context, {
        work,
        packages: source.packages,
        ldflags,
        ...(sysroot !== undefined && { sysroot }),
      });
    },
  );
}

/** Has what is built use copies of modules, beside it, that are patched. */
async function patch(context: StepContext, work: string, patches: readonly GoPatch[]): Promise<void> {
  for (const [module, its] of Map.groupBy(patches, (each) => each.module)) {
    // What was never downloaded has no folder.
    await go(context, ["mod", "download", module], { work });
    const found = await go(context, ["list", "-m", "-f", "{{.Dir}} {{.Version}}", module], { work });
    const [folder = "", version] = found.trim().split(" ");
    const copy = `./patched/${module.replaceAll("/", "_")}`;
    mkdirSync(join(work, "patched"), { recursive: true });
    await context.run("cp", ["-R", "--no-preserve=mode", folder, join(work, copy)]);
    for (const each of its) {
      const file = join(work, copy, each.file);
      writeFileSync(file, applyPatch(readFileSync(file, "utf8"), each));
    }
    await go(context, ["mod", "edit", `-replace=${module}@${version}=${copy}`], { work });
  }
}

/** @throws LandfallError `patch-unfit`: the text is not there, or more than once. */
export function applyPatch(
  source: string,
  { module, file, find, replace }: Pick<GoPatch, "module" | "file" | "find" | "replace">,
): string {
  const times = source.split(find).length - 1;
  if (times === 1) return source.replace(find, () => replace);
  throw new LandfallError("patch-unfit", `the patch of ${file} in ${module} does not fit this version`, {
    found: `its text ${times} times`,
    expected: "once",
    next: "compare pins.ts with the module's source",
  });
}

/** A program of this module's own, of the standard library alone; its folder has its name. */
export function ownGoStep(name: string): Step {
  const sources = Object.fromEntries(
    readdirSync(ownPath(name))
      .filter((file) => file.endsWith(".go") && !file.endsWith("_test.go"))
      .sort()
      .map((file) => [file, ownText(name, file)] as const),
  );
  return defineStep(`go-${name}`, { sources, flags, stripped }, [], async (context) => {
    const work = join(context.out, "src");
    mkdirSync(work);
    writeFileSync(join(work, "go.mod"), `module landfall.build/${name}\n\ngo 1.24\n`);
    for (const [file, source] of Object.entries(sources)) writeFileSync(join(work, file), source);
    await goBuild(context, { work, packages: ["."], ldflags: stripped });
  });
}

/** A step that builds commands of Kubernetes itself. */
export function kubernetesStep(name: string, kubernetes: string, packages: readonly string[]): Step {
  const ldflags = kubernetesLdflags(kubernetes);
  return defineStep(
    `go-${name}-${kubernetes}`,
    { kubernetes, packages, flags, ldflags },
    [],
    async (context) => {
      const work = join(context.out, "src");
      mkdirSync(work);
      await writeKubernetesModule(context, work, kubernetes);
      await goBuild(context, { work, packages, ldflags });
    },
  );
}

/** A step that compiles the tests of one of Kubernetes' packages into `bin/<last element>.test`. */
export function kubernetesTestStep(name: string, kubernetes: string, testPackage: string): Step {
  const ldflags = kubernetesLdflags(kubernetes);
  return defineStep(
    `go-${name}-${kubernetes}`,
    { kubernetes, testPackage, flags, ldflags },
    [],
    async (context) => {
      const work = join(context.out, "src");
      mkdirSync(work);
      mkdirSync(join(context.out, "bin"));
      await writeKubernetesModule(context, work, kubernetes);
      await go(
        context,
        ["test", "-c", "-vet=off", ...flags, ldflags, "-o", join(context.out, "bin/"), testPackage],
        { work },
      );
    },
  );
}

/** Makes go.mod and go.sum of a module that requires this version of Kubernetes, as Kubernetes' own do. */
async function writeKubernetesModule(context: StepContext, work: string, kubernetes: string): Promise<void> {
  const source = await kubernetesFolder(context, kubernetes);
  writeFileSync(join(work, "go.mod"), deriveGoMod(readFileSync(join(source, "go.mod"), "utf8"), kubernetes));
  writeFileSync(join(work, "go.sum"), readFileSync(join(source, "go.sum")));
}

/** Absolute path of Kubernetes' module, its source as it was published. */
export async function kubernetesFolder(context: StepContext, kubernetes: string): Promise<string> {
  const listed = await go(context, ["mod", "download", "-json", `k8s.io/kubernetes@v${kubernetes}`], {
    work: context.out,
  });
  return (JSON.parse(listed) as { Dir: string }).Dir;
}

/** Kubernetes' go.mod points at folders of its own repository; outside of it, their published modules take their place. */
export function deriveGoMod(upstream: string, kubernetes: string): string {
  const staging = `v0.${kubernetes.split(".").slice(1).join(".")}`;
  const text = upstream
    .replace("module k8s.io/kubernetes", "module landfall.build/k8s")
    .replaceAll(/(\S+) => \.\/staging\/src\/(\S+)/g, `$2 => $2 ${staging}`);
  return `${text}\nrequire k8s.io/kubernetes v${kubernetes}\n`;
}

function kubernetesLdflags(kubernetes: string): string {
  const [major, minor] = kubernetes.split(".");
  const set = (name: string, value: string) => `-X k8s.io/${name}=${value}`;
  return [
    stripped,
    set("component-base/version.gitVersion", `v${kubernetes}`),
    set("component-base/version.gitMajor", `${major}`),
    set("component-base/version.gitMinor", `${minor}`),
    set("client-go/pkg/version.gitVersion", `v${kubernetes}`),
  ].join(" ");
}

interface GoBuild {
  readonly work: string;
  readonly packages: readonly string[];
  readonly ldflags: string;
  /** Tree with the C headers and libraries to link with. Default: no C. */
  readonly sysroot?: string;
}

async function goBuild(context: StepContext, build: GoBuild): Promise<void> {
  const bin = join(context.out, "bin");
  mkdirSync(bin);
  await go(context, ["build", ...flags, build.ldflags, "-o", `${bin}/`, ...build.packages], build);
}

/** Runs go with flags under which nothing of this computer enters the build; checksums are verified as Go is set up to. */
function go(
  context: StepContext,
  args: readonly string[],
  options: { readonly work: string; readonly sysroot?: string },
): Promise<string> {
  const { goCacheDir, goModCacheDir } = context.options;
  return context.run("go", args, {
    cwd: options.work,
    env: {
      GOFLAGS: "-buildvcs=false -mod=mod",
      CGO_ENABLED: options.sysroot === undefined ? "0" : "1",
      ...(options.sysroot !== undefined && { CC: `gcc --sysroot=${options.sysroot}` }),
      GOTOOLCHAIN: "local",
      GOWORK: "off",
      ...(goCacheDir !== undefined && { GOCACHE: goCacheDir }),
      ...(goModCacheDir !== undefined && { GOMODCACHE: goModCacheDir }),
    },
  });
}

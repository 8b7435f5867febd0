// What `landfall lab` needs on this computer: looked for, and installed or built where that can be done.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { Listr, type ListrTask } from "listr2";
import {
  buildRelease,
  buildTools,
  hostPackages,
  type Release,
  runProcess,
  type Tools,
} from "../release/index.ts";
import { LandfallError } from "../spec/error.ts";
import type { Workspace } from "./workspace.ts";

/** Debian packages of the virtual rack: network, DHCP and TFTP, the machines' firmware, and what they are made of. */
const labPackages = [
  "dnsmasq-base",
  "busybox-static",
  "ipxe",
  "ovmf",
  "qemu-system-x86",
  "systemd-container",
  "nginx-light",
  "ipmitool",
] as const;

/** Debian packages of the peers that only `npm test` and `npm run bench` meet. Their services are not started. */
const testPackages = [
  "age",
  "bind9",
  "bird2",
  "bind9-dnsutils",
  "gdisk",
  "gpg",
  "gpg-agent",
  "haproxy",
  "ipset",
  "iptables",
  "jq",
  "keepalived",
  "chromium",
  "libfaketime",
  "openssh-server",
  "openssh-sftp-server",
  "postgresql",
  "sshfs",
  "wrk",
  "openipmi",
  "python3-pip",
] as const;

export interface SetUpOptions {
  /** Kubernetes versions of the releases. */
  readonly kubernetes: readonly string[];
  /** Whether what only the tests need is wanted too. Default: false. */
  readonly tests?: boolean;
  readonly signal: AbortSignal;
}

export interface SetUp {
  readonly tools: Tools;
  readonly releases: readonly Release[];
}

/**
 * Checks this computer, installs what is missing, builds the tools and the releases. Does nothing twice.
 * @throws {LandfallError} naming all that is missing and cannot be installed.
 */
export async function setUp(
  workspace: Workspace,
  { kubernetes, tests = false, signal }: SetUpOptions,
): Promise<SetUp> {
  const missing = missingPackages([...hostPackages, ...labPackages, ...(tests ? testPackages : [])]);
  const options = { cacheDir: workspace.cache, run: runProcess, signal };
  const built: { tools?: Tools; releases: Release[] } = { releases: [] };
  const building = (title: string, build: (progress: Progress) => Promise<void>): ListrTask => ({
    title,
    task: (_, task) =>
      build(({ step, state, elapsed, left }) => {
        if (state === "start") task.output = `${step}: ${left} steps left`;
        else if (state === "line") task.output = `${step}: ${Math.round(elapsed)} s, ${left} steps left`;
      }),
  });
  await new Listr(
    [
      { title: "This computer", task: () => checkComputer(workspace) },
      {
        title: "Debian packages",
        skip: () => missing.length === 0 && "Debian packages: all installed",
        task: async (_, task) => {
          await installPackages(missing, signal, (line) => {
            task.output = line;
          });
        },
      },
      building("Tools (Matchbox, Terraform's providers, kubectl, ...)", async (progress) => {
        built.tools = await buildTools({ ...options, progress });
      }),
      ...kubernetes.map((version) =>
        building(`Release of Kubernetes ${version}`, async (progress) => {
          built.releases.push(await buildRelease({ ...options, kubernetes: version, progress }));
        }),
      ),
    ],
    { rendererOptions: { collapseSubtasks: false }, fallbackRendererOptions: { logTitleChange: false } },
  ).run();
  return { tools: built.tools as Tools, releases: built.releases };
}

type Progress = NonNullable<Parameters<typeof buildTools>[0]["progress"]>;

/** All that a person has to bring, in one error. */
function checkComputer({ env }: Workspace): void {
  const problems = [
    process.platform === "linux" && process.arch === "x64"
      ? undefined
      : `${process.platform} on ${process.arch}: the virtual rack needs Linux on x86-64`,
    debianRelease() === "12" ? undefined : "not Debian 12: packages are installed from its sources",
    process.getuid?.() === 0 ? undefined : "not root: namespaces and bridges need it; run it with sudo",
    runs(["go", "version"])
      ? undefined
      : "no Go (1.24 or later), which builds every tool: https://go.dev/dl/",
    runs([env.TERRAFORM_BINARY_NAME ?? "terraform", "version"])
      ? undefined
      : "no Terraform (1.5 or later): https://developer.hashicorp.com/terraform/install",
  ].filter((problem) => problem !== undefined);
  if (problems.length === 0) return;
  throw new LandfallError("computer-not-fit", "this computer lacks what cannot be installed from here", {
    found: problems.join("\n"),
    next: "bring it, and run the same command again",
  });
}

function debianRelease(): string | undefined {
  if (!existsSync("/etc/os-release")) return undefined;
  const release = readFileSync("/etc/os-release", "utf8");
  return /^ID=debian$/m.test(release) ? /^VERSION_ID="(\d+)"$/m.exec(release)?.[1] : undefined;
}

function runs([program = "", ...args]: readonly string[]): boolean {
  return spawnSync(program, args, { stdio: "ignore" }).status === 0;
}

function missingPackages(packages: readonly string[]): string[] {
  const { stdout = "" } = spawnSync(
    "dpkg-query",
    ["-W", "-f", "${Package} ${db:Status-Status}\\n", ...packages],
    {
      encoding: "utf8",
    },
  );
  const installed = new Set(
    (stdout ?? "")
      .split("\n")
      .filter((line) => line.endsWith(" installed"))
      .map((line) => line.split(" ")[0]),
  );
  return packages.filter((name) => !installed.has(name));
}

const policyFile = "/usr/sbin/policy-rc.d";
/** Read when the package postgresql is installed, which else makes a cluster that starts with the computer. */
const clusterFile = "/etc/postgresql-common/createcluster.conf";

async function installPackages(
  packages: readonly string[],
  signal: AbortSignal,
  onLine: (line: string) => void,
): Promise<void> {
  const env = { DEBIAN_FRONTEND: "noninteractive" };
  // Debian starts what it installs, unless this file says no (invoke-rc.d(8)). One that is there has its reasons.
  const quiet = !existsSync(policyFile);
  try {
    if (quiet) writeFileSync(policyFile, "#!/bin/sh\nexit 101\n", { mode: 0o755 });
    if (packages.includes("postgresql") && !existsSync(clusterFile)) {
      mkdirSync(dirname(clusterFile), { recursive: true });
      writeFileSync(clusterFile, "create_main_cluster = false\n");
    }
    await runProcess("apt-get", ["update"], { env, signal, onLine });
    // A file of its configuration that is there stays: apt would ask, and there is nobody to answer.
    const options = ["-y", "--no-install-recommends", "-o", "Dpkg::Options::=--force-confold"];
    await runProcess("apt-get", ["install", ...options, ...packages], { env, signal, onLine });
  } catch (cause) {
    throw new LandfallError("packages-missing", "Debian packages are missing and could not be installed", {
      found: cause instanceof Error ? cause.message : String(cause),
      expected: packages.join(" "),
      next: `apt-get install ${packages.join(" ")}`,
      cause,
    });
  } finally {
    if (quiet) rmSync(policyFile, { force: true });
  }
}

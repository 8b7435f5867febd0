// A machine played by systemd-nspawn: true DHCP, boot scripts, assets, initrd and Ignition; a container for a kernel.
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { LandfallError } from "../spec/index.ts";
import { parseAssetUrl } from "./assets.ts";
import { createGroup, groupFolders, type Hierarchy, killGroup, removeGroup } from "./cgroups.ts";
import { inGroup, run as runCommand } from "./command.ts";
import type { LabMachine } from "./config.ts";
import { downloadAsset, type FetchedBoot, type FirmwareParts, networkBoot } from "./firmware.ts";
import type { Initrds } from "./initrds.ts";
import type { MachineBody, RunEnd } from "./machine.ts";
import type { SquashfsMounts } from "./mounts.ts";
import type { LabNames } from "./names.ts";
import { inside, plugNamespace, unplugNamespace } from "./network.ts";

export interface NspawnParts {
  readonly machine: LabMachine;
  readonly names: LabNames;
  readonly hierarchies: readonly Hierarchy[];
  readonly firmware: FirmwareParts;
  readonly mounts: SquashfsMounts;
  readonly initrds: Initrds;
  /** The machine's disk: a folder that outlives its power. */
  readonly disk: string;
  /** Mount point of a boot's own file systems. */
  readonly boot: string;
}

/** What the launcher needs: trees by path, the kernel's arguments. */
interface Boot {
  readonly initrd: string;
  readonly root: string;
  readonly kubernetes: string;
  readonly args: string;
}

const launcher = join(import.meta.dirname, "launch.sh");

/** What `boot` on a disk holds, or undefined for a disk with nothing (whole) installed. */
export function installedArgs(disk: string): string | undefined {
  const marker = join(disk, "marker");
  const boot = join(disk, "boot");
  if (!existsSync(marker) || !existsSync(boot)) return undefined;
  if (!/^state=installed$/m.test(readFileSync(marker, "utf8"))) return undefined;
  return readFileSync(boot, "utf8").trim();
}

/** Value of a kernel argument; the last one counts. */
export function kernelArgument(args: string, name: string): string | undefined {
  return args
    .split(/\s+/)
    .filter((arg) => arg.startsWith(`${name}=`))
    .at(-1)
    ?.slice(name.length + 1);
}

export class NspawnBody implements MachineBody {
  readonly kind = "nspawn";
  readonly #parts: NspawnParts;
  readonly #group: string;

  constructor(parts: NspawnParts) {
    this.#parts = parts;
    this.#group = `${parts.names.cgroup}/${parts.machine.name}`;
  }

  async plug(): Promise<void> {
    const { machine, names, hierarchies, disk, boot } = this.#parts;
    await plugNamespace(machine, names);
    createGroup(hierarchies, this.#group);
    mkdirSync(disk, { recursive: true });
    mkdirSync(boot, { recursive: true });
  }

  async run(network: boolean, signal: AbortSignal): Promise<RunEnd> {
    const { firmware, disk, machine } = this.#parts;
    firmware.console.say("landfall: stage firmware");
    const installed = () => (machine.disk === undefined ? undefined : installedArgs(disk));
    const fetched =
      network || installed() === undefined
        ? await networkBoot(firmware, () => installed() !== undefined, signal)
        : "disk";
    const boot =
      fetched === "disk" ? await this.#localBoot(installed()!) : await this.#networkBoot(fetched, signal);
    // The kernel starts with a bare interface.
    await runCommand(inside(firmware.namespace, ["ip", "addr", "flush", "dev", "eth0"]));
    return await this.#launch(boot, signal);
  }

  kill(): void {
    killGroup(this.#parts.hierarchies, this.#group);
  }

  async unplug(): Promise<void> {
    this.kill();
    await unplugNamespace(this.#parts.machine, this.#parts.names);
    await removeGroup(this.#parts.hierarchies, this.#group);
  }

  async #networkBoot(target: FetchedBoot, signal: AbortSignal): Promise<Boot> {
    const { firmware, initrds, mounts, disk } = this.#parts;
    const image = async (name: string) => {
      const url = kernelArgument(target.args, name) ?? "";
      const { sha256 } = parseAssetUrl(url);
      if (kernelArgument(target.args, `${name}.sha256`) !== sha256) {
        throw new LandfallError("kernel-arguments", `${name} and ${name}.sha256 differ`, {
          found: target.args,
        });
      }
      return await mounts.mount(sha256, await downloadAsset(firmware, url, signal));
    };
    const [initrd, root, kubernetes] = await Promise.all([
      initrds.unpack(target.initrd, target.initrdSha256),
      image("landfall.root"),
      image("landfall.kubernetes"),
    ]);
    // It goes with what is installed, which a rescue leaves alone.
    if (kernelArgument(target.args, "landfall.action") !== "rescue")
      writeFileSync(join(disk, "initrd"), target.initrdSha256);
    return { initrd, root, kubernetes, args: target.args };
  }

  /** What the boot loader on the disk would start: needs no network. */
  async #localBoot(args: string): Promise<Boot> {
    const { firmware, initrds, mounts, disk } = this.#parts;
    firmware.console.say("landfall-lab: booting from disk");
    const image = async (name: string) => {
      const path = kernelArgument(args, name) ?? "";
      return await mounts.mount(path.split("/")[0]!, join(firmware.cache.folder, path));
    };
    return {
      initrd: initrds.tree(readFileSync(join(disk, "initrd"), "utf8")),
      root: await image("landfall.root"),
      kubernetes: await image("landfall.kubernetes"),
      args,
    };
  }

  #launch(boot: Boot, signal: AbortSignal): Promise<RunEnd> {
    const { machine, firmware, hierarchies } = this.#parts;
    const cmdline = join(this.#parts.boot, "..", "cmdline");
    writeFileSync(cmdline, `${boot.args}\n`);
    const disk = machine.disk === undefined ? "-" : this.#parts.disk;
    const argv = inGroup(
      groupFolders(hierarchies, this.#group),
      inside(firmware.namespace, [
        ...["unshare", "--mount", "--propagation", "private", "sh", launcher],
        ...[
          machine.name,
          this.#parts.boot,
          boot.initrd,
          disk,
          firmware.cache.folder,
          boot.root,
          boot.kubernetes,
          cmdline,
        ],
      ]),
    );
    return new Promise((resolve, reject) => {
      const child = spawn(argv[0]!, argv.slice(1), {
        stdio: ["ignore", "pipe", "pipe"],
        env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin" },
        detached: true,
      });
      for (const stream of [child.stdout, child.stderr])
        stream.on("data", (chunk: Buffer) => firmware.console.write(chunk));
      child.once("error", reject);
      child.once("close", (code) => {
        if (signal.aborted) return reject(signal.reason);
        resolve(code === 0 ? "off" : code === 133 ? "reboot" : "halted");
      });
    });
  }
}

// A machine played by QEMU: true firmware, true PXE, a true kernel.
import { spawn } from "node:child_process";
import { closeSync, copyFileSync, existsSync, ftruncateSync, mkdirSync, openSync } from "node:fs";
import { join } from "node:path";
import { createGroup, groupFolders, type Hierarchy, killGroup, removeGroup } from "./cgroups.ts";
import { inGroup } from "./command.ts";
import type { LabMachine, LabTools } from "./config.ts";
import type { ConsoleLog } from "./console.ts";
import { type Accelerator, processor } from "./kvm.ts";
import type { MachineBody, RunEnd } from "./machine.ts";
import type { LabNames } from "./names.ts";
import { inside, plugTap, unplugPorts } from "./network.ts";

export interface QemuParts {
  readonly machine: LabMachine;
  readonly names: LabNames;
  readonly hierarchies: readonly Hierarchy[];
  readonly console: ConsoleLog;
  /** Holds the disk's image and the firmware's variables. */
  readonly folder: string;
  readonly tools: LabTools;
  /** Asked at the first power-on. */
  readonly accelerator: () => Promise<Accelerator>;
}

export const defaultQemu = "/usr/bin/qemu-system-x86_64";
const diskSize = 16 * 2 ** 30;

/** QEMU's arguments. An empty disk falls through to the network; `network` boots from there first. */
export function qemuArguments(
  machine: LabMachine,
  at: {
    readonly disk: string;
    readonly port: string;
    readonly uuid: string;
    readonly ovmfCode: string;
    readonly ovmfVars: string;
  },
  network: boolean,
  accelerator: Accelerator,
): string[] {
  const [diskIndex, netIndex] = network ? [2, 1] : [1, 2];
  // OVMF brings its own PXE; a BIOS takes iPXE from the card's ROM.
  const rom = machine.firmware === "uefi" ? ",romfile=" : "";
  return [
    ...["-name", machine.name, "-uuid", at.uuid, "-m", String(machine.memory), "-smp", "2"],
    ...processor(accelerator),
    ...[
      "-nodefaults",
      "-no-user-config",
      "-display",
      "none",
      "-serial",
      "stdio",
      "-monitor",
      "none",
      "-boot",
      "menu=off",
    ],
    ...["-device", "virtio-rng-pci"],
    ...["-drive", `if=none,id=disk,format=raw,cache=unsafe,discard=unmap,file=${at.disk}`],
    // The serial number makes it /dev/disk/by-id/virtio-disk0.
    ...["-device", `virtio-blk-pci,drive=disk,serial=disk0,bootindex=${diskIndex}`],
    ...["-netdev", `tap,id=net,ifname=${at.port},script=no,downscript=no`],
    ...["-device", `virtio-net-pci,netdev=net,mac=${machine.mac},bootindex=${netIndex}${rom}`],
    ...(machine.firmware === "uefi"
      ? [
          ...["-drive", `if=pflash,format=raw,readonly=on,file=${at.ovmfCode}`],
          ...["-drive", `if=pflash,format=raw,file=${at.ovmfVars}`],
        ]
      : []),
  ];
}

export class QemuBody implements MachineBody {
  readonly kind = "qemu";
  readonly #parts: QemuParts;
  readonly #group: string;

  constructor(parts: QemuParts) {
    this.#parts = parts;
    this.#group = `${parts.names.cgroup}/${parts.machine.name}`;
  }

  async plug(): Promise<void> {
    await plugTap(this.#parts.machine, this.#parts.names);
    createGroup(this.#parts.hierarchies, this.#group);
  }

  async run(network: boolean, signal: AbortSignal): Promise<RunEnd> {
    const { machine, names, hierarchies, console, folder, tools } = this.#parts;
    const ovmf = tools.ovmf ?? "/usr/share/OVMF";
    const at = {
      disk: join(folder, "disk.img"),
      port: names.port(machine.name),
      uuid: names.uuid(machine.name),
      ovmfCode: join(ovmf, "OVMF_CODE_4M.fd"),
      ovmfVars: join(folder, "OVMF_VARS.fd"),
    };
    mkdirSync(folder, { recursive: true });
    if (!existsSync(at.disk)) createSparse(at.disk, diskSize);
    if (machine.firmware === "uefi" && !existsSync(at.ovmfVars))
      copyFileSync(join(ovmf, "OVMF_VARS_4M.fd"), at.ovmfVars);
    console.say("landfall: stage firmware");
    const accelerator = await this.#parts.accelerator();
    signal.throwIfAborted();
    const qemu = [tools.qemu ?? defaultQemu, ...qemuArguments(machine, at, network, accelerator)];
    const argv = inGroup(groupFolders(hierarchies, this.#group), inside(names.switchNamespace, qemu));
    return await new Promise((resolve, reject) => {
      const child = spawn(argv[0]!, argv.slice(1), {
        stdio: ["ignore", "pipe", "pipe"],
        env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin" },
        detached: true,
      });
      for (const stream of [child.stdout, child.stderr])
        stream.on("data", (chunk: Buffer) => console.write(chunk));
      child.once("error", reject);
      child.once("close", (code) => {
        if (signal.aborted) return reject(signal.reason);
        resolve(code === 0 ? "off" : "halted");
      });
    });
  }

  kill(): void {
    killGroup(this.#parts.hierarchies, this.#group);
  }

  async unplug(): Promise<void> {
    this.kill();
    await removeGroup(this.#parts.hierarchies, this.#group);
    await unplugPorts([this.#parts.machine], this.#parts.names);
  }
}

function createSparse(path: string, size: number): void {
  const fd = openSync(path, "w", 0o600);
  ftruncateSync(fd, size);
  closeSync(fd);
}

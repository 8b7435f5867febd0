// Takes a lab down from nothing but its names: whether its daemon lives, was killed, or never came up.
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { LandfallError } from "../spec/index.ts";
import { groupFolders, groupProcesses, killGroup, readHierarchies, removeGroup } from "./cgroups.ts";
import { type LabConfig, labFiles } from "./config.ts";
import { procSysctls, SharedHost } from "./host.ts";
import { withLock } from "./lock.ts";
import { kernelModules } from "./modules.ts";
import { loopDevicesBelow, readMountsBelow, unmountBelow } from "./mounts.ts";
import { labNames, runDir } from "./names.ts";
import { deleteNamespace, listNamespaces } from "./network.ts";

export interface StopOptions {
  /** Leaves what outlives power: machines' disks, Matchbox's data and assets, keys. Default: false, nothing is left. */
  readonly keepDisks?: boolean;
}

/** What names a lab's traces. */
export type LabPlace = Pick<LabConfig, "site" | "stateDir">;

/** What `down` found and did; what is left is empty, or it throws. */
export interface StopReport {
  readonly processes: number;
  readonly namespaces: readonly string[];
  readonly mounts: number;
  /** Kernel settings put back; empty while another lab is up. */
  readonly sysctls: readonly string[];
}

/**
 * Kills everything of the lab at once, removes all that it made on this computer, and then looks whether anything is left.
 * Idempotent.
 * @throws LandfallError `lab-left-something` with a list.
 */
export async function stopLab(config: LabPlace, options: StopOptions = {}): Promise<StopReport> {
  return await withLock(labNames(config.site.name).lock, () => takeDown(config, options));
}

/** `stopLab` for those who hold the lab's lock. */
export async function takeDown(config: LabPlace, options: StopOptions): Promise<StopReport> {
  const names = labNames(config.site.name);
  const hierarchies = readHierarchies();
  const host = new SharedHost(runDir, procSysctls, kernelModules);
  const record = host.lab(config.site.name);
  if (record !== undefined && record.stateDir !== config.stateDir) {
    throw new LandfallError("lab-name-taken", `lab ${config.site.name} belongs to another folder`, {
      found: record.stateDir,
      expected: config.stateDir,
    });
  }
  const processes = groupProcesses(hierarchies, names.cgroup).length;
  killGroup(hierarchies, names.cgroup);
  await removeGroup(hierarchies, names.cgroup);

  const wanted = new Set([
    names.switchNamespace,
    ...config.site.machines.map(({ name }) => names.namespace(name)),
    ...(record?.namespaces ?? []),
  ]);
  const namespaces = listNamespaces().filter((name) => wanted.has(name));
  for (const name of namespaces) await deleteNamespace(name);

  const mounts = readMountsBelow(config.stateDir).length;
  const loops = loopDevicesBelow(readFileSync("/proc/self/mountinfo", "utf8"), config.stateDir);
  const files = new Map(loops.map((device) => [device, backingFile(device)]));
  await unmountBelow(config.stateDir);
  rmSync(names.socket, { force: true });
  removeState(config.stateDir, options.keepDisks ?? false);
  const sysctls = await host.leave(config.site.name);

  const left = [
    ...leftovers(config.stateDir, config.site.name, [...wanted]),
    ...loops
      .filter((device) => files.get(device) !== undefined && backingFile(device) === files.get(device))
      .filter((device) => !mountedAnywhere(device))
      .map((device) => `loop device ${device}`),
  ];
  if (left.length > 0) {
    throw new LandfallError("lab-left-something", "the lab is not wholly gone", {
      found: left.join("\n"),
      expected: "nothing",
      next: "try again",
    });
  }
  return { processes, namespaces, mounts, sysctls };
}

/** Processes, groups, namespaces, mounts of the lab that are there, as sentences. */
export function leftovers(stateDir: string, site: string, namespaces: readonly string[]): string[] {
  const names = labNames(site);
  const hierarchies = readHierarchies();
  const there = listNamespaces();
  return [
    ...groupProcesses(hierarchies, names.cgroup).map((pid) => `process ${pid}`),
    ...groupFolders(hierarchies, names.cgroup)
      .filter(existsSync)
      .map((folder) => `control group ${folder}`),
    ...namespaces.filter((name) => there.includes(name)).map((name) => `network namespace ${name}`),
    ...readMountsBelow(stateDir).map((point) => `mount ${point}`),
    ...(existsSync(names.socket) ? [`socket ${names.socket}`] : []),
  ];
}

/** The file behind a loop device, or undefined for one that is free. */
function backingFile(device: string): string | undefined {
  try {
    return readFileSync(join("/sys/block", basename(device), "loop/backing_file"), "utf8").trim();
  } catch {
    return undefined;
  }
}

/** Labs that use the same file share its device. */
function mountedAnywhere(device: string): boolean {
  return loopDevicesBelow(readFileSync("/proc/self/mountinfo", "utf8"), "").includes(device);
}

function removeState(stateDir: string, keepDisks: boolean): void {
  if (!keepDisks) {
    rmSync(stateDir, { recursive: true, force: true });
    return;
  }
  const { machines } = labFiles(stateDir);
  const keep = new Set(["disk", "disk.img", "OVMF_VARS.fd"]);
  removeAllBut(stateDir, new Set(["machines", "initrd", "tls", "bmc-credentials", "matchbox", "assets"]));
  if (!existsSync(machines)) return;
  for (const machine of readdirSync(machines)) removeAllBut(join(machines, machine), keep);
}

function removeAllBut(folder: string, keep: ReadonlySet<string>): void {
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder)) {
    if (!keep.has(name)) rmSync(join(folder, name), { recursive: true, force: true });
  }
}

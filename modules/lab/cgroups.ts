// Control groups of the lab: one folder in every hierarchy of cgroup v1 (with or without v2 beside it), or in v2 alone.
// They are how a machine loses power: everything in the group dies at once.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { LandfallError } from "../spec/index.ts";

export interface Hierarchy {
  readonly mount: string;
  readonly version: 1 | 2;
  /** v1's controllers, as ["cpu", "cpuacct"]; empty for v2. */
  readonly controllers: readonly string[];
}

/** Hierarchies in the text of /proc/self/mountinfo; one that is mounted twice counts once. */
export function parseHierarchies(mountinfo: string): Hierarchy[] {
  const found = new Map<string, Hierarchy>();
  for (const line of mountinfo.split("\n")) {
    const [head, tail] = line.split(" - ");
    const fields = head?.split(" ") ?? [];
    const [type, , options] = tail?.split(" ") ?? [];
    if (fields[3] !== "/" || fields[4] === undefined || (type !== "cgroup" && type !== "cgroup2")) continue;
    const device = fields[2]!;
    if (found.has(device)) continue;
    const flags = new Set(["rw", "ro", "xattr", "clone_children"]);
    const controllers = (options ?? "")
      .split(",")
      .filter((o) => !flags.has(o) && !o.startsWith("release_agent="));
    found.set(device, {
      mount: fields[4],
      version: type === "cgroup" ? 1 : 2,
      controllers: type === "cgroup" ? controllers : [],
    });
  }
  return [...found.values()];
}

export function readHierarchies(): Hierarchy[] {
  return parseHierarchies(readFileSync("/proc/self/mountinfo", "utf8"));
}

/** Folders of group `path` (as `landfall-lab/m1`) in all hierarchies. */
export function groupFolders(hierarchies: readonly Hierarchy[], path: string): string[] {
  return hierarchies.map(({ mount }) => join(mount, path));
}

/** Makes the group, and its parents, ready for processes. Idempotent. */
export function createGroup(hierarchies: readonly Hierarchy[], path: string): void {
  for (const { mount, version, controllers } of hierarchies) {
    let at = mount;
    for (const part of path.split("/")) {
      const parent = at;
      at = join(at, part);
      if (version === 2) enableControllers(parent);
      mkdirSync(at, { recursive: true });
      if (controllers.includes("cpuset")) {
        for (const name of ["cpuset.cpus", "cpuset.mems"]) {
          writeFileSync(join(at, name), readFileSync(join(parent, name), "utf8"));
        }
        writeFileSync(join(at, "cgroup.clone_children"), "1");
      }
    }
  }
}

/**
 * Gives the group as much of a busy computer as `count` processes outside of it would get: by default a whole rack gets
 * as much as one. Where groups have no CPU controller nothing is done.
 */
export function weighGroup(hierarchies: readonly Hierarchy[], path: string, count: number): void {
  for (const { mount, version, controllers } of hierarchies) {
    const [file, one, most] = version === 2 ? ["cpu.weight", 100, 10_000] : ["cpu.shares", 1024, 262_144];
    const target = join(mount, path, String(file));
    if (version === 1 && !controllers.includes("cpu")) continue;
    if (existsSync(target))
      writeFileSync(target, String(Math.min(Number(one) * Math.max(count, 1), Number(most))));
  }
}

/** v2 hands a controller down only when it is told to; one that cannot be had (taken by v1) is left out. */
function enableControllers(folder: string): void {
  for (const controller of readFileSync(join(folder, "cgroup.controllers"), "utf8").trim().split(" ")) {
    if (controller === "") continue;
    try {
      writeFileSync(join(folder, "cgroup.subtree_control"), `+${controller}`);
    } catch {
      // Not every controller can be handed down from here (cpu with realtime processes): limits are not what groups are for.
    }
  }
}

/** Process ids in the group and below it, over all hierarchies. */
export function groupProcesses(hierarchies: readonly Hierarchy[], path: string): number[] {
  const pids = new Set<number>();
  for (const folder of groupFolders(hierarchies, path)) {
    for (const group of walk(folder)) {
      for (const pid of readIfThere(join(group, "cgroup.procs")).split("\n"))
        if (pid !== "") pids.add(Number(pid));
    }
  }
  pids.delete(0); // of another pid namespace
  return [...pids];
}

/** Starts the death of everything in the group, at once; does not wait. */
export function killGroup(hierarchies: readonly Hierarchy[], path: string): void {
  for (const { mount, version } of hierarchies) {
    const kill = join(mount, path, "cgroup.kill");
    if (version === 2 && existsSync(kill)) writeFileSync(kill, "1");
  }
  for (const pid of groupProcesses(hierarchies, path)) {
    if (pid === process.pid) continue;
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // died meanwhile
    }
  }
}

/**
 * Kills everything in the group, waits for its end, and removes the group's folders. Idempotent.
 * @throws LandfallError `processes-left` when something does not die in 20 s (a process in the kernel's hands).
 */
export async function removeGroup(hierarchies: readonly Hierarchy[], path: string): Promise<void> {
  const deadline = performance.now() + 20_000;
  for (;;) {
    killGroup(hierarchies, path);
    if (groupProcesses(hierarchies, path).length === 0 && removeFolders(hierarchies, path)) return;
    if (performance.now() > deadline) {
      throw new LandfallError("processes-left", `processes of ${path} do not die`, {
        found: groupProcesses(hierarchies, path).join(", ") || "the group is busy",
        expected: "an empty group",
      });
    }
    // The kernel has no file that can be awaited for this in v1.
    await delay(10);
  }
}

function removeFolders(hierarchies: readonly Hierarchy[], path: string): boolean {
  for (const folder of groupFolders(hierarchies, path)) {
    for (const group of walk(folder)) {
      try {
        rmdirSync(group);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ENOENT") return false;
      }
    }
  }
  return true;
}

/** The folder and all below it, deepest first; nothing if it is not there. */
function* walk(folder: string): Generator<string> {
  let entries: import("node:fs").Dirent[];
  try {
    entries = readdirSync(folder, { withFileTypes: true });
  } catch {
    return; // gone, or going
  }
  for (const entry of entries) if (entry.isDirectory()) yield* walk(join(folder, entry.name));
  yield folder;
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

/** What a group uses. Bytes; CPU in seconds since the group was made. */
export interface GroupUsage {
  /** Memory of processes: anonymous pages, kernel memory left out. */
  readonly memory: number;
  /** Page cache charged to the group: given back when others need it. */
  readonly cache: number;
  readonly cpuSeconds: number;
}

/** Undefined when the group is not there. */
export function groupUsage(hierarchies: readonly Hierarchy[], path: string): GroupUsage | undefined {
  const v1 = (controller: string) => {
    const hierarchy = hierarchies.find(({ controllers }) => controllers.includes(controller));
    return hierarchy === undefined ? undefined : join(hierarchy.mount, path);
  };
  const unified = hierarchies.find(({ version }) => version === 2);
  const memoryFolder = v1("memory") ?? (unified && join(unified.mount, path));
  if (memoryFolder === undefined || !existsSync(memoryFolder)) return undefined;
  const memory = keyed(readIfThere(join(memoryFolder, "memory.stat")));
  const accounting = v1("cpuacct");
  const cpuSeconds =
    accounting !== undefined
      ? Number(readIfThere(join(accounting, "cpuacct.usage"))) / 1e9
      : (keyed(readIfThere(join(memoryFolder, "cpu.stat"))).get("usage_usec") ?? 0) / 1e6;
  return {
    memory: memory.get("total_rss") ?? memory.get("anon") ?? 0,
    cache: memory.get("total_cache") ?? memory.get("file") ?? 0,
    cpuSeconds,
  };
}

function keyed(text: string): Map<string, number> {
  return new Map(
    text.split("\n").map((line) => {
      const [key, value] = line.split(" ");
      return [key ?? "", Number(value)];
    }),
  );
}

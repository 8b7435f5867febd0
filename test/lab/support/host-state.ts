// What a computer is left with: compared before a lab came up and after it went down.
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

export interface HostState {
  readonly namespaces: readonly string[];
  readonly mounts: readonly string[];
  readonly groups: readonly string[];
  readonly loops: readonly string[];
  readonly listeners: readonly string[];
  readonly run: readonly string[];
  /** Kernel settings by path: every file below /proc/sys that can be read and written. */
  readonly sysctls: Readonly<Record<string, string>>;
}

/** Counters and clocks that change by themselves. */
const volatile =
  /random\/|ns_last_pid|sched_domain|\/fs\/(dentry|inode|file)-|binfmt_misc|overflow|route\/flush|cad_pid/;

/** @param names only namespaces, groups, mounts and loops that carry one of these. */
export function hostState(names: readonly string[]): HostState {
  const mine = (text: string) => names.some((name) => text.includes(name));
  const mountinfo = readFileSync("/proc/self/mountinfo", "utf8").split("\n");
  const cgroupMounts = mountinfo
    .filter((line) => / - cgroup2? /.test(line))
    .map((line) => line.split(" ")[4]!);
  return {
    namespaces: list("/run/netns").filter(mine),
    mounts: mountinfo.map((line) => line.split(" ")[4] ?? "").filter(mine),
    groups: cgroupMounts.flatMap((mount) =>
      list(mount)
        .filter(mine)
        .map((name) => join(mount, name)),
    ),
    loops: list("/sys/block").filter((name) => mine(read(join("/sys/block", name, "loop/backing_file")))),
    listeners: listeners(),
    run: list("/run/landfall").filter(mine),
    sysctls: sysctls("/proc/sys"),
  };
}

/** Listening TCP sockets of this network namespace, as ADDRESS:PORT in the kernel's hex. */
export function listeners(): string[] {
  return ["/proc/net/tcp", "/proc/net/tcp6"].flatMap((file) =>
    read(file)
      .split("\n")
      .map((line) => line.trim().split(/\s+/))
      .filter((fields) => fields[3] === "0A")
      .map((fields) => fields[1]!),
  );
}

function sysctls(folder: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (volatile.test(path) || path === "/proc/sys/net") continue;
    if (entry.isDirectory()) Object.assign(found, sysctls(path));
    else if ((statSync(path).mode & 0o222) !== 0 && (statSync(path).mode & 0o444) !== 0)
      found[path] = read(path).trim();
  }
  return found;
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

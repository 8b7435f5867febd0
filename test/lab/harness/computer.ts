// What a lab could leave on this computer, looked for without the lab's own words.
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";

/** Processes in a control group of the lab, or with its project on their command line or as their folder. */
export function processesOf(site: string, root: string): { readonly pid: number; readonly what: string }[] {
  const group = new RegExp(`/landfall-${site}(/|$)`, "m");
  return pids().flatMap((pid) => {
    const command = read(`/proc/${pid}/cmdline`).replaceAll("\0", " ");
    const own = `${root}/`;
    const belongs =
      group.test(read(`/proc/${pid}/cgroup`)) ||
      command.includes(own) ||
      `${link(`/proc/${pid}/cwd`)}/`.startsWith(own);
    return belongs && pid !== process.pid && !isZombie(pid) ? [{ pid, what: command }] : [];
  });
}

/** Processes, control groups, namespaces, mounts, loop devices and sockets, as sentences. */
export function leftovers(site: string, root: string): string[] {
  const groups = execFileSync("find", ["/sys/fs/cgroup", "-type", "d", "-name", `landfall-${site}`], {
    encoding: "utf8",
  });
  const namespaces = existsSync("/run/netns") ? readdirSync("/run/netns") : [];
  const loops = existsSync("/sys/block")
    ? readdirSync("/sys/block").filter((name) => name.startsWith("loop"))
    : [];
  return [
    ...processesOf(site, root).map(({ pid, what }) => `process ${pid}: ${what}`),
    ...lines(groups).map((folder) => `control group ${folder}`),
    ...namespaces.filter((name) => name.startsWith(`lf-${site}-`)).map((name) => `network namespace ${name}`),
    ...lines(readFileSync("/proc/self/mountinfo", "utf8"))
      .filter((line) => line.includes(root))
      .map((line) => `mount ${line.split(" ")[4]}`),
    ...loops
      .map((name) => [name, read(`/sys/block/${name}/loop/backing_file`).trim()] as const)
      .filter(([, file]) => file.startsWith(root))
      .map(([name, file]) => `loop device ${name}: ${file}`),
    ...(existsSync(`/run/landfall/${site}.sock`) ? [`socket /run/landfall/${site}.sock`] : []),
  ];
}

/** Whether any lab is up on this computer. */
export function labsUp(): boolean {
  return existsSync("/run/landfall/labs") && readdirSync("/run/landfall/labs").length > 0;
}

/** Kernel settings that machines of a lab may change for everybody; those that this computer changes by itself are left out. */
export function kernelSettings(): Map<string, string> {
  const folders = ["fs/inotify", "kernel", "kernel/keys", "vm", "net/bridge", "net/netfilter", "fs"];
  const own =
    /(^fs\/(dentry|inode|file-nr|aio-nr|quota))|random|ns_last_pid|pty|stat_refresh|drop_caches|compact|nf_conntrack_count/;
  return new Map(
    folders.flatMap((folder) =>
      (existsSync(`/proc/sys/${folder}`) ? readdirSync(`/proc/sys/${folder}`, { withFileTypes: true }) : [])
        .filter((entry) => entry.isFile() && !own.test(`${folder}/${entry.name}`))
        .map(({ name }): [string, string] => [
          join(folder, name),
          read(`/proc/sys/${folder}/${name}`).trim(),
        ]),
    ),
  );
}

/** Dead, and nothing but an entry that its new parent, the computer's first process, has not read yet. */
function isZombie(pid: number): boolean {
  return /^State:\s*Z/m.test(read(`/proc/${pid}/status`));
}

export function pids(): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

/** Text of a file, empty for one that is gone or closed to us. */
export function read(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}

function link(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}

function lines(text: string): string[] {
  return text.split("\n").filter((line) => line !== "");
}

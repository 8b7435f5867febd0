import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  createGroup,
  groupFolders,
  groupProcesses,
  groupUsage,
  parseHierarchies,
  weighGroup,
} from "./cgroups.ts";
import { temporaryFolder } from "./testing.ts";

describe("parseHierarchies", () => {
  it("finds v2 alone, as Debian has it", () => {
    const text =
      "35 24 0:30 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate,memory_recursiveprot\n";
    expect(parseHierarchies(text)).toEqual([{ mount: "/sys/fs/cgroup", version: 2, controllers: [] }]);
  });

  it("finds every controller of v1, named ones, and v2 beside them", () => {
    const text = [
      "31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755",
      "32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime - cgroup cgroup rw,cpu,cpuacct",
      "40 31 0:37 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,xattr,release_agent=/lib/agent,name=systemd",
      "41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw",
      "22 1 254:0 / / rw,relatime - ext4 /dev/vda rw",
    ].join("\n");
    expect(parseHierarchies(text)).toEqual([
      { mount: "/sys/fs/cgroup/cpu,cpuacct", version: 1, controllers: ["cpu", "cpuacct"] },
      { mount: "/sys/fs/cgroup/systemd", version: 1, controllers: ["name=systemd"] },
      { mount: "/sys/fs/cgroup/unified", version: 2, controllers: [] },
    ]);
  });

  it("counts a hierarchy once, and leaves out a part of one that is mounted elsewhere", () => {
    const text = [
      "32 31 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu",
      "90 31 0:29 / /other/cpu rw - cgroup cgroup rw,cpu",
      "91 31 0:30 /part /other/memory rw - cgroup cgroup rw,memory",
    ].join("\n");
    expect(parseHierarchies(text).map(({ mount }) => mount)).toEqual(["/sys/fs/cgroup/cpu"]);
  });
});

// Plain folders stand for the kernel's.
describe("weighGroup", () => {
  it("counts machines as processes, within what the kernel takes", () => {
    const [v1, v2] = [temporaryFolder(), temporaryFolder()];
    for (const file of [join(v1, "cpu.shares"), join(v2, "cpu.weight")]) writeFileSync(file, "");
    const hierarchies = [
      { mount: v1, version: 1, controllers: ["cpu"] },
      { mount: v2, version: 2, controllers: [] },
    ] as const;
    weighGroup(hierarchies, ".", 5);
    expect(readFileSync(join(v1, "cpu.shares"), "utf8")).toBe("5120");
    expect(readFileSync(join(v2, "cpu.weight"), "utf8")).toBe("500");
    weighGroup(hierarchies, ".", 1000);
    expect(readFileSync(join(v1, "cpu.shares"), "utf8")).toBe("262144");
    expect(readFileSync(join(v2, "cpu.weight"), "utf8")).toBe("10000");
  });

  it("leaves groups without the controller alone", () => {
    const mount = temporaryFolder();
    weighGroup([{ mount, version: 2, controllers: [] }], ".", 5);
    expect(existsSync(join(mount, "cpu.weight"))).toBe(false);
  });
});

describe("groups", () => {
  const hierarchies = () => {
    const [cpuset, unified] = [temporaryFolder(), temporaryFolder()];
    writeFileSync(join(cpuset, "cpuset.cpus"), "0-1\n");
    writeFileSync(join(cpuset, "cpuset.mems"), "0\n");
    for (const folder of [unified, join(unified, "landfall-lab")]) {
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, "cgroup.controllers"), "memory\n");
    }
    return [
      { mount: cpuset, version: 1, controllers: ["cpuset"] },
      { mount: unified, version: 2, controllers: [] },
    ] as const;
  };

  it("makes a cpuset usable at every level, and hands v2's controllers down", () => {
    const [cpuset, unified] = hierarchies();
    createGroup([cpuset, unified], "landfall-lab/m1");
    createGroup([cpuset, unified], "landfall-lab/m1");
    const group = join(cpuset.mount, "landfall-lab/m1");
    expect(readFileSync(join(group, "cpuset.cpus"), "utf8")).toBe("0-1\n");
    expect(readFileSync(join(group, "cgroup.clone_children"), "utf8")).toBe("1");
    expect(readFileSync(join(unified.mount, "landfall-lab/cgroup.subtree_control"), "utf8")).toBe("+memory");
    for (const folder of groupFolders([cpuset, unified], "landfall-lab/m1"))
      expect(existsSync(folder)).toBe(true);
  });

  it("lists processes of the group and all below, each once", () => {
    const [cpuset, unified] = hierarchies();
    for (const [hierarchy, below, pids] of [
      [cpuset, "m1/payload", "11\n12\n0\n"],
      [unified, "m1", "12\n13\n"],
    ] as const) {
      const folder = join(hierarchy.mount, "landfall-lab", below);
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, "cgroup.procs"), pids);
    }
    expect(groupProcesses([cpuset, unified], "landfall-lab").sort()).toEqual([11, 12, 13]);
    expect(groupProcesses([cpuset, unified], "landfall-other")).toEqual([]);
  });

  it("reads what a group uses, from v1 or from v2", () => {
    const [folder, cpu] = [temporaryFolder(), temporaryFolder()];
    const group = (mount: string) => {
      mkdirSync(join(mount, "g"));
      return join(mount, "g");
    };
    writeFileSync(
      join(group(folder), "memory.stat"),
      "cache 5\nrss 1\ntotal_cache 50\ntotal_rss 10\nanon 7\nfile 70\n",
    );
    writeFileSync(join(folder, "g", "cpu.stat"), "usage_usec 2500000\n");
    writeFileSync(join(group(cpu), "cpuacct.usage"), "1500000000\n");
    const v1 = [
      { mount: folder, version: 1, controllers: ["memory"] },
      { mount: cpu, version: 1, controllers: ["cpuacct"] },
    ] as const;
    expect(groupUsage(v1, "g")).toEqual({ memory: 10, cache: 50, cpuSeconds: 1.5 });
    writeFileSync(join(folder, "g", "memory.stat"), "anon 7\nfile 70\n");
    expect(groupUsage([{ mount: folder, version: 2, controllers: [] }], "g")).toEqual({
      memory: 7,
      cache: 70,
      cpuSeconds: 2.5,
    });
    expect(groupUsage(v1, "none")).toBeUndefined();
  });
});

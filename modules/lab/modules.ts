// Kernel modules that machines need and cannot load themselves: they see none of the computer's module files.
// What else they use, the kernel loads when it is asked for.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";

/** In the order of loading. */
export const neededModules = ["overlay", "br_netfilter", "nf_conntrack", "ip_set", "fuse"] as const;

export interface Modules {
  /** True when it was not there before and is now; false when it is built in, loaded already, or cannot be had. */
  load(name: string): boolean;
  /** No-op when something uses it. */
  unload(name: string): void;
}

export const kernelModules: Modules = {
  load: (name) => {
    const folder = `/sys/module/${name}`;
    if (existsSync(folder)) return false;
    spawnSync("modprobe", ["--quiet", name]);
    return existsSync(folder);
  },
  unload: (name) => {
    spawnSync("modprobe", ["--quiet", "--remove", name]);
  },
};

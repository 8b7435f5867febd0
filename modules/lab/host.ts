// What labs share on one computer: kernel modules, and kernel settings that machines' kubelets and systemds change for
// everybody. The first lab up records them, the last one down puts them back.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { LandfallError } from "../spec/index.ts";
import { withLock } from "./lock.ts";
import { type Modules, neededModules } from "./modules.ts";

const bridgeFilters = [
  "net.bridge.bridge-nf-call-arptables",
  "net.bridge.bridge-nf-call-ip6tables",
  "net.bridge.bridge-nf-call-iptables",
] as const;

/** Changed by kubelet, by kube-proxy, or by a machine's systemd-sysctl, beyond any namespace. */
export const sharedSysctls = [
  "fs.inotify.max_user_instances",
  "fs.inotify.max_user_watches",
  "fs.nr_open",
  "fs.file-max",
  "fs.pipe-max-size",
  "fs.protected_fifos",
  "fs.protected_hardlinks",
  "fs.protected_regular",
  "fs.protected_symlinks",
  "fs.suid_dumpable",
  "kernel.core_pattern",
  "kernel.core_pipe_limit",
  "kernel.core_uses_pid",
  "kernel.keys.root_maxbytes",
  "kernel.keys.root_maxkeys",
  "kernel.panic",
  "kernel.panic_on_oops",
  "kernel.pid_max",
  "kernel.printk",
  "kernel.sysrq",
  "kernel.unprivileged_bpf_disabled",
  ...bridgeFilters,
  "net.netfilter.nf_conntrack_max",
  "vm.max_map_count",
  "vm.overcommit_memory",
  "vm.panic_on_oom",
] as const;

/** Several clusters on one kernel use up the defaults ("too many open files"). */
const raised: Readonly<Record<string, number>> = {
  "fs.inotify.max_user_instances": 8192,
  "fs.inotify.max_user_watches": 1_048_576,
};

/** Values by name. */
export interface Sysctls {
  /** Undefined: this kernel has no such setting. */
  read(name: string): string | undefined;
  write(name: string, value: string): void;
}

export const procSysctls: Sysctls = {
  read: (name) => {
    try {
      return readFileSync(sysctlPath(name), "utf8").trim();
    } catch {
      return undefined;
    }
  },
  write: (name, value) => writeFileSync(sysctlPath(name), value),
};

function sysctlPath(name: string): string {
  return join("/proc/sys", ...name.split("."));
}

/** What is known of a lab that is up, for other labs. */
export interface LabRecord {
  readonly stateDir: string;
  readonly namespaces: readonly string[];
}

/** Folder with what labs share, below `runDir`. */
export class SharedHost {
  readonly #folder: string;
  readonly #sysctls: Sysctls;
  readonly #modules: Modules;

  constructor(folder: string, sysctls: Sysctls, modules: Modules) {
    this.#folder = folder;
    this.#sysctls = sysctls;
    this.#modules = modules;
  }

  get #loaded() {
    return join(this.#folder, "modules.json");
  }

  get #record() {
    return join(this.#folder, "sysctls.json");
  }

  #lab(site: string) {
    return join(this.#folder, "labs", `${site}.json`);
  }

  /** Undefined: no such lab is up. */
  lab(site: string): LabRecord | undefined {
    return existsSync(this.#lab(site))
      ? (JSON.parse(readFileSync(this.#lab(site), "utf8")) as LabRecord)
      : undefined;
  }

  /**
   * Enters a lab. Idempotent.
   * @throws LandfallError `lab-name-taken`: a lab of that name, or with a namespace of that name, is up elsewhere.
   */
  async enter(site: string, record: LabRecord): Promise<void> {
    mkdirSync(join(this.#folder, "labs"), { recursive: true, mode: 0o700 });
    await withLock(join(this.#folder, "lock"), () => {
      for (const other of this.#labs()) {
        const held = this.lab(other)!;
        const clash =
          other === site
            ? held.stateDir !== record.stateDir
            : held.namespaces.some((n) => record.namespaces.includes(n));
        if (clash) {
          throw new LandfallError("lab-name-taken", `names of lab ${site} are in use on this computer`, {
            found: `lab ${other} of ${held.stateDir}`,
            next: "take that lab down, or give this site another name",
          });
        }
      }
      if (!existsSync(this.#record)) {
        const values = sharedSysctls.map((name) => [name, this.#sysctls.read(name)] as const);
        writeFileSync(
          this.#record,
          JSON.stringify(Object.fromEntries(values.filter(([, value]) => value !== undefined))),
        );
      }
      if (!existsSync(this.#loaded)) {
        const loaded = neededModules.filter((name) => this.#modules.load(name));
        writeFileSync(this.#loaded, JSON.stringify(loaded));
        // Other bridges of this computer (Docker's, libvirt's) go on as before; machines switch it on for themselves.
        if (loaded.includes("br_netfilter")) for (const name of bridgeFilters) this.#sysctls.write(name, "0");
      }
      for (const [name, value] of Object.entries(raised)) {
        if (Number(this.#sysctls.read(name) ?? value) < value) this.#sysctls.write(name, String(value));
      }
      writeFileSync(this.#lab(site), JSON.stringify(record));
    });
  }

  /** Leaves; the last lab puts the settings back. Idempotent. Returns the settings that it changed back. */
  async leave(site: string): Promise<string[]> {
    if (!existsSync(this.#folder)) return [];
    const restored: string[] = [];
    await withLock(join(this.#folder, "lock"), () => {
      rmSync(this.#lab(site), { force: true });
      if (this.#labs().length > 0 || !existsSync(this.#record)) return;
      const values = JSON.parse(readFileSync(this.#record, "utf8")) as Record<string, string>;
      for (const [name, value] of Object.entries(values)) {
        const now = this.#sysctls.read(name);
        if (now === undefined || now === value) continue;
        this.#sysctls.write(name, value);
        restored.push(name);
      }
      rmSync(this.#record);
      if (existsSync(this.#loaded)) {
        const loaded = JSON.parse(readFileSync(this.#loaded, "utf8")) as string[];
        for (const name of loaded.reverse()) this.#modules.unload(name);
        rmSync(this.#loaded);
      }
      rmdirSync(join(this.#folder, "labs"));
    });
    if (existsSync(this.#folder) && readdirSync(this.#folder).length === 0) rmdirSync(this.#folder);
    return restored;
  }

  #labs(): string[] {
    const folder = join(this.#folder, "labs");
    return existsSync(folder) ? readdirSync(folder).map((name) => name.replace(/\.json$/, "")) : [];
  }
}

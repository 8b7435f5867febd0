import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { SharedHost, type Sysctls } from "./host.ts";
import type { Modules } from "./modules.ts";
import { temporaryFolder } from "./testing.ts";

function computer() {
  const values = new Map([
    ["fs.inotify.max_user_instances", "128"],
    ["fs.inotify.max_user_watches", "9999999"],
    ["kernel.panic", "0"],
    ["vm.overcommit_memory", "0"],
  ]);
  const sysctls: Sysctls = {
    read: (name) => values.get(name),
    write: (name, value) => values.set(name, value),
  };
  const loaded = new Set(["overlay"]);
  const modules: Modules = {
    load: (name) => {
      if (loaded.has(name)) return false;
      loaded.add(name);
      if (name === "br_netfilter") values.set("net.bridge.bridge-nf-call-iptables", "1");
      return true;
    },
    unload: (name) => {
      loaded.delete(name);
      if (name === "br_netfilter")
        for (const key of values.keys()) if (key.startsWith("net.bridge.")) values.delete(key);
    },
  };
  const folder = join(temporaryFolder(), "run");
  return { values, loaded, folder, host: new SharedHost(folder, sysctls, modules) };
}
const lab = (name: string) => ({ stateDir: `/labs/${name}`, namespaces: [`lf-${name}-sw`] });

describe("what labs share", () => {
  it("is put back by the last lab that goes", async () => {
    const { values, folder, host } = computer();
    const before = new Map(values);
    await host.enter("a", lab("a"));
    expect(values.get("fs.inotify.max_user_instances")).toBe("8192");
    expect(values.get("fs.inotify.max_user_watches")).toBe("9999999");
    values.set("kernel.panic", "10");
    await host.enter("b", lab("b"));
    values.set("vm.overcommit_memory", "1");
    expect(await host.leave("a")).toEqual([]);
    expect(values.get("kernel.panic")).toBe("10");
    expect((await host.leave("b")).sort()).toEqual([
      "fs.inotify.max_user_instances",
      "kernel.panic",
      "vm.overcommit_memory",
    ]);
    expect(values).toEqual(before);
    expect(existsSync(folder)).toBe(false);
    expect(await host.leave("b")).toEqual([]);
  });

  it("has no modules left that were not there, and does not filter other bridges meanwhile", async () => {
    const { values, loaded, host } = computer();
    const before = new Map(values);
    await host.enter("a", lab("a"));
    expect(loaded).toContain("br_netfilter");
    expect(values.get("net.bridge.bridge-nf-call-iptables")).toBe("0");
    await host.enter("b", lab("b"));
    await host.leave("a");
    expect(loaded).toContain("br_netfilter");
    await host.leave("b");
    expect([...loaded]).toEqual(["overlay"]);
    expect(values).toEqual(before);
  });

  it("lets a lab enter again, and no other take its names", async () => {
    const { host } = computer();
    await host.enter("a", lab("a"));
    await host.enter("a", { ...lab("a"), namespaces: ["lf-a-sw", "lf-a-m9"] });
    expect(host.lab("a")?.namespaces).toContain("lf-a-m9");
    const taken = expect.objectContaining({ code: "lab-name-taken" });
    await expect(host.enter("a", { ...lab("a"), stateDir: "/elsewhere" })).rejects.toThrow(taken);
    await expect(host.enter("b", { stateDir: "/b", namespaces: ["lf-a-m9"] })).rejects.toThrow(taken);
  });
});

// One lab, played by one process: the switch, the services, the machines and their BMCs.
import { createHash } from "node:crypto";
import { chmodSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { LandfallError } from "../spec/index.ts";
import type { BmcFaults } from "./bmc-faults.ts";
import { createGroup, type Hierarchy, readHierarchies, weighGroup } from "./cgroups.ts";
import { type LabConfig, type LabPlan, labFiles, planLab } from "./config.ts";
import { controlServer, type LabControl, type ServiceName } from "./control.ts";
import { EventLog } from "./events.ts";
import { procSysctls, SharedHost } from "./host.ts";
import { kernelModules } from "./modules.ts";
import { type LabNames, labNames, runDir, servicesGroup } from "./names.ts";
import { createSwitch } from "./network.ts";
import { Rack } from "./rack.ts";
import { type Services, startServices, writeDhcpConfig } from "./services.ts";
import { labUsage } from "./usage.ts";

/** Fingerprint of what a daemon plays. */
export function configHash(config: LabConfig): string {
  return createHash("sha256").update(JSON.stringify(config)).digest("hex");
}

/**
 * Plays a lab in this process until it is killed (`stopLab` does so). Nothing of an earlier lab of this name may be left.
 * Returns when everything answers.
 * @throws LandfallError of whatever does not come up: `port-taken`, `service-not-ready`, `command-failed`, ...
 */
export async function serveLab(config: LabConfig): Promise<LabControl> {
  const plan = planLab(config);
  const names = labNames(plan.site);
  const files = labFiles(config.stateDir);
  const hierarchies = readHierarchies();
  await enterHost(config, plan, names);
  const group = `${names.cgroup}/${servicesGroup}`;
  createGroup(hierarchies, group);
  weighGroup(hierarchies, names.cgroup, plan.machines.length);
  for (const { mount } of hierarchies) writeFileSync(join(mount, group, "cgroup.procs"), String(process.pid));

  await createSwitch(plan, names);
  const services = await startServices(config, plan, names, files);
  const rack = new Rack({
    config,
    names,
    files,
    hierarchies,
    events: new EventLog(files.events, () => new Date()),
    report: (error) => process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`),
  });
  await rack.adopt(plan);

  const control = new Daemon(config, services, rack, hierarchies);
  const server = controlServer(control);
  rmSync(names.socket, { force: true });
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(names.socket, resolve));
  chmodSync(names.socket, 0o600);
  return control;
}

async function enterHost(config: LabConfig, plan: LabPlan, names: LabNames): Promise<void> {
  await new SharedHost(runDir, procSysctls, kernelModules).enter(plan.site, {
    stateDir: config.stateDir,
    namespaces: [names.switchNamespace, ...plan.machines.map(({ name }) => names.namespace(name))],
  });
}

class Daemon implements LabControl {
  #config: LabConfig;
  readonly #services: Services;
  readonly #rack: Rack;
  readonly #hierarchies: readonly Hierarchy[];

  constructor(config: LabConfig, services: Services, rack: Rack, hierarchies: readonly Hierarchy[]) {
    this.#config = config;
    this.#services = services;
    this.#rack = rack;
    this.#hierarchies = hierarchies;
  }

  async status() {
    const { dhcp, boot, relay } = this.#services;
    return {
      site: this.#config.site.name,
      pid: process.pid,
      config: configHash(this.#config),
      bmcFaults: this.#rack.bmcFaults,
      services: { dhcp: dhcp.state, boot: boot.state, relay: relay.state },
      machines: this.#rack.machines.map(({ name, kind, power, dead, console }) => {
        return { name, kind, power, dead, console: console.path };
      }),
    };
  }

  async usage() {
    const machines = this.#rack.machines.map(({ name }) => name);
    return await labUsage(
      this.#hierarchies,
      labNames(this.#config.site.name),
      machines,
      labFiles(this.#config.stateDir),
    );
  }

  async adopt(config: LabConfig) {
    const plan = planLab(config);
    const { machines: _old, ...now } = planLab(this.#config);
    const { machines: _new, ...wanted } = plan;
    const fixed = (c: LabConfig, rest: object) => JSON.stringify([c.stateDir, c.cacheDir, c.tools, rest]);
    if (fixed(config, wanted) !== fixed(this.#config, now)) {
      throw new LandfallError(
        "lab-differs",
        "the lab runs with another network, boot service or tools than now",
        {
          next: "take the lab down, then up again",
        },
      );
    }
    const names = labNames(plan.site);
    await this.#rack.adopt(plan);
    weighGroup(this.#hierarchies, names.cgroup, plan.machines.length);
    await enterHost(config, plan, names);
    writeDhcpConfig(plan, names, labFiles(config.stateDir));
    this.#config = config;
    const { dhcp } = this.#services;
    if (dhcp.state === "running") await dhcp.stop().then(() => dhcp.start());
  }

  async powerOn(machines: readonly string[], options?: { readonly network?: boolean }) {
    await Promise.all(
      this.#rack.find(machines).map((machine) => {
        machine.bootOnce = options?.network ?? false;
        return machine.powerOn();
      }),
    );
  }

  cutPower(machines: readonly string[]) {
    return this.#rack.cutPower(machines);
  }

  startService(name: ServiceName) {
    return this.#services[name].start();
  }

  stopService(name: ServiceName) {
    return this.#services[name].stop();
  }

  async setBmcFaults(faults: BmcFaults | undefined) {
    this.#rack.setBmcFaults(faults);
  }

  async setDead(machines: readonly string[], dead: boolean) {
    for (const machine of this.#rack.find(machines)) machine.dead = dead;
  }
}

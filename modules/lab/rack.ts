// The machines of a lab with their BMCs.
import { mkdirSync } from "node:fs";
import { LandfallError } from "../spec/index.ts";
import { AssetCache } from "./assets.ts";
import { bmcOf, serveBmcs } from "./bmc.ts";
import { type BmcFaults, type Fallen, FaultDice } from "./bmc-faults.ts";
import type { Hierarchy } from "./cgroups.ts";
import type { LabConfig, LabFiles, LabMachine, LabPlan } from "./config.ts";
import { ConsoleLog, stageOf } from "./console.ts";
import type { EventLog } from "./events.ts";
import { Initrds } from "./initrds.ts";
import { type Accelerator, chooseAccelerator } from "./kvm.ts";
import { RackMachine } from "./machine.ts";
import { SquashfsMounts } from "./mounts.ts";
import type { LabNames } from "./names.ts";
import { unplugPorts } from "./network.ts";
import { NspawnBody } from "./nspawn.ts";
import { defaultQemu, QemuBody } from "./qemu.ts";
import type { Bmc } from "./redfish.ts";

export interface RackParts {
  readonly config: LabConfig;
  readonly names: LabNames;
  readonly files: LabFiles;
  readonly hierarchies: readonly Hierarchy[];
  readonly events: EventLog;
  /** Told what goes wrong where nobody waits for it. */
  readonly report: (error: unknown) => void;
}

export class Rack {
  readonly #parts: RackParts;
  readonly #cache: AssetCache;
  readonly #mounts: SquashfsMounts;
  readonly #initrds: Initrds;
  readonly #machines = new Map<string, { readonly plan: LabMachine; readonly machine: RackMachine }>();
  /** By `host:port`; the server of each answers for what its list holds at the time. */
  readonly #bmcs = new Map<string, Bmc[]>();
  #faults: BmcFaults | undefined;
  #accelerator: Promise<Accelerator> | undefined;

  constructor(parts: RackParts) {
    this.#parts = parts;
    const { config, files } = parts;
    this.#cache = new AssetCache(config.cacheDir);
    this.#mounts = new SquashfsMounts(files.mounts);
    this.#initrds = new Initrds(config.cacheDir);
    for (const folder of [config.cacheDir, files.mounts]) mkdirSync(folder, { recursive: true });
  }

  get machines(): RackMachine[] {
    return [...this.#machines.values()].map(({ machine }) => machine);
  }

  /**
   * Makes the rack hold the plan's machines: others go, changed ones are made anew.
   * @throws LandfallError `machine-on`: one that would change has power; nothing was changed.
   */
  async adopt(plan: LabPlan): Promise<void> {
    const wanted = new Map(plan.machines.map((machine) => [machine.name, JSON.stringify(machine)]));
    const leaving = [...this.#machines.values()].filter(
      (has) => wanted.get(has.plan.name) !== JSON.stringify(has.plan),
    );
    const on = leaving.filter(({ machine }) => machine.power === "On").map(({ plan: { name } }) => name);
    if (on.length > 0) {
      throw new LandfallError("machine-on", "machines that the site's file changed are on", {
        found: on.join(", "),
        expected: "machines that are off",
        next: "power them off, then try again",
      });
    }
    for (const { plan: old, machine } of leaving) {
      this.#machines.delete(old.name);
      machine.console.close();
    }
    for (const machine of plan.machines) {
      if (!this.#machines.has(machine.name)) {
        this.#machines.set(machine.name, { plan: machine, machine: this.#create(machine, plan) });
      }
    }
    await this.#serveBmcs();
    this.setBmcFaults(plan.bmcFaults);
  }

  /** What BMCs were told to do wrong, and how often they did, all together. */
  get bmcFaults(): (BmcFaults & Fallen) | undefined {
    if (this.#faults === undefined) return undefined;
    const fallen = [...this.#bmcs.values()].flat().map(({ dice }) => dice.fallen);
    const sum = (of: keyof Fallen) => fallen.reduce((total, each) => total + each[of], 0);
    return { ...this.#faults, calls: sum("calls"), failed: sum("failed"), lied: sum("lied") };
  }

  /** Undefined: BMCs do as they are told. */
  setBmcFaults(faults: BmcFaults | undefined): void {
    this.#faults = faults;
    for (const { dice } of [...this.#bmcs.values()].flat()) dice.set(faults);
  }

  /** @throws LandfallError `no-such-machine`. */
  find(names: readonly string[]): RackMachine[] {
    return names.map((name) => {
      const found = this.#machines.get(name);
      if (found !== undefined) return found.machine;
      throw new LandfallError("no-such-machine", `the lab has no machine ${name}`, {
        expected: [...this.#machines.keys()].join(", "),
      });
    });
  }

  /** The honest power cut of all at once: cables first, for what has no power answers no ARP. */
  async cutPower(names: readonly string[]): Promise<void> {
    const cut = this.find(names);
    await unplugPorts(
      names.map((name) => this.#machines.get(name)!.plan),
      this.#parts.names,
    );
    for (const machine of cut) machine.kill();
    await Promise.all(cut.map((machine) => machine.powerOff()));
  }

  #create(machine: LabMachine, plan: LabPlan): RackMachine {
    const { names, files, hierarchies, events, config } = this.#parts;
    const { tools } = config;
    const own = files.machine(machine.name);
    const event = (stage: string) => events.add(machine.name, stage);
    const console = new ConsoleLog(own.console, (line) => {
      const stage = stageOf(line);
      if (stage !== undefined) event(stage);
    });
    if (machine.kind === "qemu") {
      const accelerator = () => this.#chooseAccelerator(plan);
      const body = new QemuBody({
        machine,
        names,
        hierarchies,
        console,
        folder: own.folder,
        tools,
        accelerator,
      });
      return new RackMachine(machine.name, body, console, event);
    }
    const firmware = {
      namespace: names.namespace(machine.name),
      mac: machine.mac,
      uuid: names.uuid(machine.name),
      busybox: tools.busybox ?? "/usr/bin/busybox",
      cache: this.#cache,
      console,
    };
    const body = new NspawnBody({
      machine,
      names,
      hierarchies,
      firmware,
      mounts: this.#mounts,
      initrds: this.#initrds,
      disk: own.disk,
      boot: own.boot,
    });
    return new RackMachine(machine.name, body, console, event);
  }

  /** Once for all, at the first power-on of a qemu machine: by then a kernel to try is among the assets. */
  #chooseAccelerator(plan: LabPlan): Promise<Accelerator> {
    this.#accelerator ??= chooseAccelerator(this.#parts.config.tools.qemu ?? defaultQemu, plan.assets);
    return this.#accelerator;
  }

  async #serveBmcs(): Promise<void> {
    const endpoints = Map.groupBy(this.#machines.values(), ({ plan: { bmc } }) => `${bmc.host}:${bmc.port}`);
    for (const list of this.#bmcs.values()) list.length = 0;
    for (const [endpoint, of] of endpoints) {
      const list = this.#bmcs.get(endpoint) ?? [];
      list.push(...of.map(({ plan, machine }) => bmcOf(plan, machine, new FaultDice(plan.name))));
      if (this.#bmcs.has(endpoint)) continue;
      this.#bmcs.set(endpoint, list);
      const { host, port } = of[0]!.plan.bmc;
      await serveBmcs(host, port, list, this.#parts.report);
    }
  }
}

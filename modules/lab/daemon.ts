// One lab, played by one process: the switch, the services, the BMCs and the machines behind them.
import { createHash } from "node:crypto";
import { chmodSync, copyFileSync, existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { LandfallError } from "../spec/error.ts";
import { AssetCache } from "./assets.ts";
import { bmcOf, serveBmcs } from "./bmc.ts";
import { createGroup, groupUsage, readHierarchies } from "./cgroups.ts";
import { type LabConfig, type LabFiles, type LabPlan, labFiles, planLab } from "./config.ts";
import { ConsoleLog, stageOf } from "./console.ts";
import { controlServer, type LabControl, type ServiceName } from "./control.ts";
import { dnsmasqConfig } from "./dnsmasq.ts";
import { EventLog } from "./events.ts";
import { procSysctls, SharedHost } from "./host.ts";
import { type Accelerator, chooseAccelerator } from "./kvm.ts";
import { RackMachine } from "./machine.ts";
import { SquashfsMounts } from "./mounts.ts";
import { type LabNames, labNames, runDir, servicesGroup } from "./names.ts";
import { createSwitch, inside, unplugPorts } from "./network.ts";
import { NspawnBody } from "./nspawn.ts";
import { ProcessService } from "./process-service.ts";
import { defaultQemu, QemuBody } from "./qemu.ts";
import { hand, listen, relayListeners, relayProgram } from "./relay.ts";
import { createTls } from "./tls.ts";

/** Fingerprint of what a daemon plays: another one needs another daemon. */
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
  const host = new SharedHost(runDir, procSysctls);
  await host.enter(plan.site, {
    stateDir: config.stateDir,
    namespaces: [names.switchNamespace, ...plan.machines.map(({ name }) => names.namespace(name))],
  });
  const services = `${names.cgroup}/${servicesGroup}`;
  createGroup(hierarchies, services);
  for (const { mount } of hierarchies)
    writeFileSync(join(mount, services, "cgroup.procs"), String(process.pid));

  await createSwitch(plan, names);
  const running = await startServices(config, plan, names, files);
  const machines = createMachines(config, plan, names, files, hierarchies);
  await serveAllBmcs(plan, machines);

  const find = (wanted: readonly string[]) =>
    wanted.map((name) => {
      const machine = machines.get(name);
      if (machine === undefined) {
        throw new LandfallError("no-such-machine", `the lab has no machine ${name}`, {
          expected: [...machines.keys()].join(", "),
        });
      }
      return machine;
    });
  const control: LabControl = {
    status: async () => ({
      site: plan.site,
      pid: process.pid,
      config: configHash(config),
      services: { dhcp: running.dhcp.state, boot: running.boot.state, relay: running.relay.state },
      machines: [...machines.values()].map(({ name, kind, power, dead, console }) => ({
        name,
        kind,
        power,
        dead,
        console: console.path,
      })),
    }),
    usage: async () => {
      const parts = [
        ["services", services] as const,
        ...[...machines.keys()].map((name) => [name, `${names.cgroup}/${name}`] as const),
      ];
      return Object.fromEntries(
        parts.flatMap(([name, path]) => {
          const usage = groupUsage(hierarchies, path);
          return usage === undefined ? [] : [[name, usage]];
        }),
      );
    },
    powerOn: async (wanted, options) => {
      await Promise.all(
        find(wanted).map((machine) => {
          machine.bootOnce = options?.network ?? false;
          return machine.powerOn();
        }),
      );
    },
    cutPower: async (wanted) => {
      const cut = find(wanted);
      await unplugPorts(
        plan.machines.filter(({ name }) => wanted.includes(name)),
        names,
      );
      for (const machine of cut) machine.kill();
      await Promise.all(cut.map((machine) => machine.powerOff()));
    },
    startService: (service) => running[service].start(),
    stopService: (service) => running[service].stop(),
    setDead: async (wanted, dead) => {
      for (const machine of find(wanted)) machine.dead = dead;
    },
  };
  const server = controlServer(control);
  rmSync(names.socket, { force: true });
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(names.socket, resolve));
  chmodSync(names.socket, 0o600);
  return control;
}

async function startServices(
  config: LabConfig,
  plan: LabPlan,
  names: LabNames,
  files: LabFiles,
): Promise<Record<ServiceName, ProcessService>> {
  const { tools } = config;
  for (const folder of [
    files.tftp,
    plan.assets,
    ...["profiles", "groups", "ignition", "generic"].map((d) => join(files.matchbox, d)),
  ]) {
    mkdirSync(folder, { recursive: true });
  }
  for (const file of ["undionly.kpxe", "ipxe.efi"]) {
    const from = join(tools.ipxe ?? "/usr/lib/ipxe", file);
    if (existsSync(from)) copyFileSync(from, join(files.tftp, file)); // needed by qemu machines only: they say so
  }
  writeFileSync(files.dnsmasq, dnsmasqConfig(plan, names, { leases: files.leases, tftp: files.tftp }));
  const tls = await createTls(plan, files.tls);
  const log = (name: string) => new ConsoleLog(join(files.logs, `${name}.log`));
  const switched = (argv: string[]) => inside(names.switchNamespace, argv);
  const sockets = [await listen(relayListeners(plan))];
  const running = {
    dhcp: new ProcessService({
      name: "dnsmasq",
      argv: switched([
        tools.dnsmasq ?? "/usr/sbin/dnsmasq",
        "--keep-in-foreground",
        "--log-facility=-",
        `--conf-file=${files.dnsmasq}`,
      ]),
      log: log("dhcp"),
      ready: /started, version/,
    }),
    boot: new ProcessService({
      name: "matchbox",
      argv: switched([
        tools.matchbox,
        `-address=${plan.http.host}:${plan.http.port}`,
        `-rpc-address=${plan.gateway}:${plan.rpc.port}`,
        `-data-path=${files.matchbox}`,
        `-assets-path=${plan.assets}`,
        `-ca-file=${tls.ca}`,
        `-cert-file=${tls.cert}`,
        `-key-file=${tls.key}`,
      ]),
      log: log("boot"),
      ready: /[Ss]tarting matchbox HTTP server/,
    }),
    relay: new ProcessService({
      name: "relay",
      argv: switched([process.execPath, relayProgram]),
      log: log("relay"),
      ready: /relay: ready/,
      stdio: ["ignore", "pipe", "pipe", "ipc"],
      onStart: async (child) => hand(child, sockets.pop() ?? (await listen(relayListeners(plan)))),
    }),
  };
  await Promise.all(Object.values(running).map((service) => service.start()));
  return running;
}

function createMachines(
  config: LabConfig,
  plan: LabPlan,
  names: LabNames,
  files: LabFiles,
  hierarchies: ReturnType<typeof readHierarchies>,
): Map<string, RackMachine> {
  const events = new EventLog(files.events, () => new Date());
  const cache = new AssetCache(config.cacheDir);
  const mounts = new SquashfsMounts(files.mounts);
  for (const folder of [config.cacheDir, files.initrds, files.mounts]) mkdirSync(folder, { recursive: true });
  const { tools } = config;
  let chosen: Promise<Accelerator> | undefined;
  const accelerator = () => {
    chosen ??= chooseAccelerator(tools.qemu ?? defaultQemu, plan.assets);
    return chosen;
  };
  return new Map(
    plan.machines.map((machine) => {
      const own = files.machine(machine.name);
      const event = (stage: string) => events.add(machine.name, stage);
      const console = new ConsoleLog(own.console, (line) => {
        const stage = stageOf(line);
        if (stage !== undefined) event(stage);
      });
      const firmware = {
        namespace: names.namespace(machine.name),
        mac: machine.mac,
        uuid: names.uuid(machine.name),
        busybox: tools.busybox ?? "/usr/bin/busybox",
        cache,
        console,
      };
      const body =
        machine.kind === "nspawn"
          ? new NspawnBody({
              machine,
              names,
              hierarchies,
              firmware,
              mounts,
              initrds: files.initrds,
              disk: own.disk,
              boot: own.boot,
            })
          : new QemuBody({ machine, names, hierarchies, console, folder: own.folder, tools, accelerator });
      return [machine.name, new RackMachine(machine.name, body, console, event)];
    }),
  );
}

async function serveAllBmcs(plan: LabPlan, machines: ReadonlyMap<string, RackMachine>): Promise<void> {
  const endpoints = Map.groupBy(plan.machines, ({ bmc }) => `${bmc.host}:${bmc.port}`);
  await Promise.all(
    [...endpoints.values()].map((of) => {
      const { host, port } = of[0]!.bmc;
      const bmcs = of.map((machine) => bmcOf(machine, machines.get(machine.name)!));
      return serveBmcs(host, port, bmcs, (error) =>
        process.stderr.write(`bmc: ${error instanceof Error ? error.stack : error}\n`),
      );
    }),
  );
}

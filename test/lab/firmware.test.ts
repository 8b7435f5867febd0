// Machines with a firmware of their own, from a blank disk on: PXE, TFTP, iPXE, Landfall's boot service, an install that goes
// on into the system without a second start; then the disk alone. The power goes in the middle. Emulated where there is no
// KVM, so nothing here is quick; both firmwares go at the same time.
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { type BootClient, bootClient } from "../../modules/boot/index.ts";
import { siteDhcp } from "../../modules/dhcp/index.ts";
import { inside, type LabHandle, labNames, readConsole, startLab, stopLab } from "../../modules/lab/index.ts";
import { tell } from "./harness/story.ts";
import { type SmallRack, smallLanding, smallRack, writeProfile } from "./support/small-rack.ts";

const slow = { timeout: 600_000, interval: 250 };
const firmwares = { b1: "bios", u1: "uefi" } as const;
type Name = keyof typeof firmwares;
const machines = Object.keys(firmwares) as Name[];

let rack: SmallRack;
let lab: LabHandle;
let client: BootClient;

beforeAll(async () => {
  rack = await smallRack({
    name: "firmware",
    number: 96,
    service: "landfall",
    machines: machines.map((name) => ({ name, kind: "qemu", firmware: firmwares[name] })),
  });
  writeProfile(rack, machines, "/dev/disk/by-id/virtio-disk0");
  lab = await startLab(rack.config);
  const { tls, rpc } = rack.config.site.boot;
  const read = (path: string) => readFileSync(join(rack.folder, path), "utf8");
  client = bootClient({ endpoint: rpc, ca: read(tls.ca), cert: read(tls.cert), key: read(tls.key) });
});

afterAll(async () => {
  client?.close();
  await stopLab(rack.config);
  rmSync(rack.folder, { recursive: true, force: true });
});

/** What it said since its last power-on. */
function said(machine: Name): string {
  const all = readConsole(lab.files.machine(machine).console).toString("latin1");
  return all.slice(all.lastIndexOf("landfall: stage firmware"));
}

/** Stages of a machine since its last power-on, with seconds. */
function stages(machine: Name): { readonly stage: string; readonly at: number }[] {
  const own = lab.events().filter((event) => event.machine === machine);
  const last = own.slice(own.findLastIndex(({ stage }) => stage === "power"));
  return last.map(({ stage, time }) => ({
    stage,
    at: (Date.parse(time) - Date.parse(last[0]!.time)) / 1000,
  }));
}

const names = (machine: Name) => stages(machine).map(({ stage }) => stage);
const says = (machine: Name, text: string) => vi.waitFor(() => expect(said(machine)).toContain(text), slow);

async function starts(machine: Name, what: string): Promise<void> {
  await vi.waitFor(() => expect(names(machine), said(machine).slice(-1500)).toContain("hello"), slow);
  await says(machine, "touched by Ignition");
  tell(`${firmwares[machine]}, ${what}`, `${stages(machine).at(-1)!.at.toFixed(0)} s`);
}

it("a cut of power in the middle of an install: power-on alone finishes it, with no second start", {
  timeout: 900_000,
}, async () => {
  for (const name of machines) {
    const mac = rack.mac(name);
    await client.register({ mac, name, site: "firmware" });
    await client.arm({ mac, ...smallLanding, kind: "install", seconds: 3600 });
  }
  await lab.powerOn(machines);
  await Promise.all([
    says("b1", "landfall: step fetched-root").then(() => lab.cutPower(["b1"])),
    says("u1", "landfall: step rooted").then(() => lab.cutPower(["u1"])),
  ]);
  await lab.powerOn(machines);
  await Promise.all(
    machines.map((name) => starts(name, "from power-on by the network to its system, installed")),
  );
  for (const name of machines) {
    expect(names(name)).toEqual(["power", "firmware", "boot", "install", "ignition", "system", "hello"]);
    const record = await client.get(rack.mac(name));
    expect(record).toMatchObject({ order: { state: "done", boots: 2 }, installed: smallLanding });
    expect(record?.stages.map(({ stage }) => stage)).toEqual(
      expect.arrayContaining(["boot", "install", "ignition", "installed", "system"]),
    );
  }
  const order = ["boot.ipxe", "Linux version", "landfall: stage install", "landfall: stage system", "hello"];
  const found = order.map((line) => said("u1").indexOf(line));
  expect(found).toEqual(found.toSorted((one, other) => one - other));
});

it("the next power-on boots the disk, with nothing to answer it", { timeout: 900_000 }, async () => {
  await lab.cutPower(machines);
  await Promise.all([lab.stopService("dhcp"), lab.stopService("boot")]);
  await lab.powerOn(machines);
  await Promise.all(machines.map((name) => starts(name, "from power-on by its disk to its system")));
  for (const name of machines) expect(names(name)).toEqual(["power", "firmware", "boot", "system", "hello"]);
  await Promise.all([lab.startService("dhcp"), lab.startService("boot")]);
});

it("left on network boot, it is sent to its disk", { timeout: 900_000 }, async () => {
  await lab.cutPower(machines);
  await lab.powerOn(machines, { network: true });
  await Promise.all(machines.map((name) => starts(name, "from power-on by the network to its disk")));
  for (const name of machines) {
    expect(names(name)).toEqual(["power", "firmware", "boot", "system", "hello"]);
    expect(said(name)).toContain("/boot.ipxe");
  }
});

it("wiped for the next cluster, started by proxyDHCP beside a plain DHCP server", {
  timeout: 900_000,
}, async () => {
  await lab.cutPower(machines);
  await lab.stopService("dhcp");
  for (const name of machines) {
    const landing = { mac: rack.mac(name), ...smallLanding };
    await client.release(landing);
    await client.arm({ ...landing, kind: "wipe", seconds: 3600 });
  }
  const stop = await otherDhcp();
  try {
    await lab.powerOn(machines, { network: true });
    await vi.waitFor(async () => {
      for (const { name, power } of (await lab.status()).machines)
        expect(power, said(name as Name)).toBe("Off");
    }, slow);
  } finally {
    stop();
    await lab.startService("dhcp");
  }
  for (const name of machines) {
    expect(said(name)).toContain("/boot.ipxe");
    expect(said(name)).toContain("landfall: the disk is empty");
    expect((await client.get(rack.mac(name)))?.order).toMatchObject({ kind: "wipe", state: "done" });
    const image = join(lab.files.machine(name).folder, "disk.img");
    expect(execFileSync("wipefs", ["--no-act", image], { encoding: "utf8" })).toBe("");
  }
});

/** A server that gives out addresses and knows nothing of booting, on a computer of its own; beside it ours, as a proxy. */
async function otherDhcp(): Promise<() => void> {
  const { switchNamespace, bridge } = labNames("firmware");
  const other = "lf-firmware-dhcp";
  const ip = (...args: string[]) => execFileSync("ip", args);
  ip("netns", "add", other);
  ip(
    "-netns",
    switchNamespace,
    "link",
    "add",
    "other",
    "type",
    "veth",
    "peer",
    "name",
    "eth0",
    "netns",
    other,
  );
  ip("-netns", switchNamespace, "link", "set", "other", "master", bridge, "up");
  ip("-netns", other, "addr", "add", "10.96.0.2/24", "dev", "eth0");
  ip("-netns", other, "link", "set", "eth0", "up");
  const config = join(rack.folder, "proxy.conf");
  const { tftp } = lab.files;
  writeFileSync(config, siteDhcp(rack.config.site, { interface: bridge, tftp, proxy: true }));
  const dnsmasq = (namespace: string, ...args: string[]) => {
    const common = ["--keep-in-foreground", "--user=root", "--pid-file", "--log-facility=-", "--log-dhcp"];
    const [program, ...rest] = inside(namespace, ["/usr/sbin/dnsmasq", ...common, ...args]);
    return spawn(program!, rest, { stdio: "ignore" });
  };
  const range = "--dhcp-range=10.96.0.100,10.96.0.120,255.255.255.0,1h";
  const started = [
    dnsmasq(other, "--conf-file=/dev/null", "--port=0", "--dhcp-leasefile=/dev/null", range),
    dnsmasq(switchNamespace, `--conf-file=${config}`),
  ];
  await Promise.all(started.map((child) => once(child, "spawn")));
  return () => {
    for (const child of started) child.kill("SIGKILL");
    ip("netns", "del", other);
  };
}

// Machines with a firmware of their own, from a blank disk on: PXE, TFTP, iPXE, Landfall's boot service, an install that goes
// on into the system without a second start; then the disk alone. The power goes in the middle. Emulated where there is no
// KVM, so nothing here is quick; both firmwares go at the same time.
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { siteDhcp } from "../../modules/dhcp/index.ts";
import { inside, labNames } from "../../modules/lab/index.ts";
import { eventually } from "./harness/eventually.ts";
import { tell } from "./harness/story.ts";
import { type FirmwareRack, firmwares, machines, openFirmwareRack } from "./support/firmware-rack.ts";
import { smallLanding, writeProfile } from "./support/small-rack.ts";

const patient = { timeout: 900_000 };
/** Of a start that installs, or fills a root in memory. */
const started = ["power", "firmware", "boot", "install", "ignition", "system", "hello"];
let rack: FirmwareRack;
beforeAll(async () => {
  rack = await openFirmwareRack("firmware", 96);
});
afterAll(() => rack?.close());

/** All of them, to their systems. */
async function start(what: string): Promise<void> {
  const seconds = await Promise.all(machines.map((name) => rack.starts(name)));
  for (const [index, name] of machines.entries())
    tell(`${firmwares[name]}, from power-on ${what}`, `${seconds[index]!.toFixed(0)} s`);
}

it(
  "a cut of power in the middle of an install: power-on alone finishes it, with no second start",
  patient,
  async () => {
    const { lab, client } = rack;
    for (const name of machines) await rack.order(name, "install");
    await lab.powerOn(machines);
    await Promise.all([
      rack.says("b1", "landfall: step fetched-root").then(() => lab.cutPower(["b1"])),
      rack.says("u1", "landfall: step rooted").then(() => lab.cutPower(["u1"])),
    ]);
    await lab.powerOn(machines);
    await start("by the network to its system, installed");
    for (const name of machines) {
      expect(rack.stages(name)).toEqual(started);
      const record = await client.get(rack.rack.mac(name));
      expect(record).toMatchObject({ order: { state: "done", boots: 2 }, installed: smallLanding });
      expect(record?.stages.map(({ stage }) => stage)).toEqual(
        expect.arrayContaining(["boot", "install", "ignition", "installed", "system"]),
      );
    }
    const order = [
      "boot.ipxe",
      "Linux version",
      "landfall: stage install",
      "landfall: stage system",
      "hello",
    ];
    const found = order.map((line) => rack.said("u1").indexOf(line));
    expect(found).toEqual(found.toSorted((one, other) => one - other));
  },
);

it(
  "the next power-on boots the disk, with nothing to answer it; a release to be tried first, once",
  patient,
  async () => {
    const { lab } = rack;
    await lab.cutPower(machines);
    await Promise.all([lab.stopService("dhcp"), lab.stopService("boot")]);
    const tried = machines.map((name) => addRelease(rack.image(name)));
    await lab.powerOn(machines);
    await start("by its disk to its system");
    for (const [index, name] of machines.entries()) {
      expect(rack.stages(name)).toEqual(["power", "firmware", "boot", "system", "hello"]);
      expect(rack.said(name)).toContain(`landfall.ramdisk=${tried[index]}/initrd`);
    }
    await Promise.all([lab.startService("dhcp"), lab.startService("boot")]);
  },
);

it("left on network boot, by what landfall dhcp prints alone, it is sent to its disk", patient, async () => {
  const { lab, client } = rack;
  await lab.cutPower(machines);
  await lab.stopService("dhcp");
  const stop = await serveDhcp(false);
  const begun = new Date().toISOString();
  try {
    await lab.powerOn(machines, { network: true });
    await start("by the network to its disk's system");
  } finally {
    stop();
    await lab.startService("dhcp");
  }
  for (const name of machines) {
    // A firmware that no DHCP server answered would go on to the disk too.
    expect((await client.get(rack.rack.mac(name)))?.heard?.localeCompare(begun)).toBe(1);
    expect(rack.stages(name)).toEqual(["power", "firmware", "boot", "system", "hello"]);
    expect(rack.said(name)).toContain(`landfall.ramdisk=${rack.rack.release.files.initrd.sha256}/initrd`);
  }
  // The BIOS's iPXE speaks to a screen.
  expect(rack.said("u1")).toContain("/boot.ipxe");
});

it("wiped for the next cluster, started by proxyDHCP beside a plain DHCP server", patient, async () => {
  const { lab, client } = rack;
  await lab.cutPower(machines);
  await lab.stopService("dhcp");
  for (const name of machines) {
    await client.release({ mac: rack.rack.mac(name), ...smallLanding });
    await rack.order(name, "wipe");
  }
  const stop = await otherDhcp();
  try {
    await lab.powerOn(machines, { network: true });
    await eventually("all have switched themselves off", 600, async () =>
      (await lab.status()).machines.every(({ power }) => power === "Off") ? true : undefined,
    );
  } finally {
    stop();
    await lab.startService("dhcp");
  }
  for (const name of machines) {
    expect(rack.said(name)).toContain("landfall: the disk is empty");
    expect((await client.get(rack.rack.mac(name)))?.order).toMatchObject({ kind: "wipe", state: "done" });
    expect(execFileSync("wipefs", ["--no-act", rack.image(name)], { encoding: "utf8" })).toBe("");
  }
});

it("from memory with BIOS (with UEFI: metal.test.ts), and nothing is on the disk", patient, async () => {
  const { lab, client } = rack;
  writeProfile(rack.rack, ["b1"], null);
  await rack.order("b1", "memory");
  await lab.powerOn(["b1"]);
  const seconds = await rack.starts("b1");
  tell("bios, from power-on by the network to its system in memory", `${seconds.toFixed(0)} s`);
  expect(rack.stages("b1")).toEqual(started);
  const record = await client.get(rack.rack.mac("b1"));
  expect(record).toMatchObject({ order: { kind: "memory", state: "running", boots: 1 } });
  expect(record?.installed).toBeUndefined();
  expect(record?.stages.map(({ stage }) => stage)).toEqual([
    ...["ipxe", "boot", "install", "ignition", "system"],
  ]);
  await lab.cutPower(["b1"]);
  expect(execFileSync("wipefs", ["--no-act", rack.image("b1")], { encoding: "utf8" })).toBe("");
});

/** A second release on a disk whose machine is off, to be tried at the next start. Returns its initrd's SHA-256. */
function addRelease(image: string): string {
  const script = `
    first=$(sgdisk --info=3 "$1" | sed -n 's/^First sector: \\([0-9]*\\) .*/\\1/p')
    mkdir -p "$2"
    mount -o loop,offset=$((first * 512)) "$1" "$2"
    trap 'umount "$2"' EXIT
    before=$(sed -n 's/.*landfall.ramdisk=\\([^ ]*\\).*/\\1/p' "$2/boot")
    { cat "$2/releases/$before"; head -c 512 /dev/zero; } >"$2/fresh"
    sha256=$(sha256sum <"$2/fresh" | cut -d ' ' -f 1)
    mkdir "$2/releases/$sha256"
    mv "$2/fresh" "$2/releases/$sha256/initrd"
    sed "s#$before#$sha256/initrd#" "$2/boot" >"$3"
    export LANDFALL_DISK="$2"
    old=$("$4" list | sed -n 's/^\\* \\(\\w*\\).*/\\1/p')
    "$4" enter "$3"
    new=$("$4" list | sed -n 's/^\\* \\(\\w*\\).*/\\1/p')
    "$4" default "$old"
    "$4" try "$new"
    echo "$sha256"`;
  const folder = rack.rack.folder;
  const program = join(import.meta.dirname, "../../modules/release/root/usr/lib/landfall/releases");
  const args = ["-euc", script, "sh", image, join(folder, "mounted"), join(folder, "entry"), program];
  return execFileSync("sh", args, { encoding: "utf8" }).trim();
}

/** A server that gives out addresses and knows nothing of booting, on a computer of its own; beside it ours, as a proxy. */
async function otherDhcp(): Promise<() => void> {
  const { switchNamespace, bridge } = labNames("firmware");
  const other = "lf-firmware-dhcp";
  const ip = (line: string) => execFileSync("ip", line.split(" "));
  ip(`netns add ${other}`);
  ip(`-netns ${switchNamespace} link add other type veth peer name eth0 netns ${other}`);
  ip(`-netns ${switchNamespace} link set other master ${bridge} up`);
  ip(`-netns ${other} addr add 10.96.0.2/24 dev eth0`);
  ip(`-netns ${other} link set eth0 up`);
  const range = "--dhcp-range=10.96.0.100,10.96.0.120,255.255.255.0,1h";
  const stop = await Promise.all([
    dnsmasq(other, "--conf-file=/dev/null", "--port=0", range),
    serveDhcp(true),
  ]);
  return () => {
    for (const each of stop) each();
    ip(`netns del ${other}`);
  };
}

/** What `landfall dhcp` prints for this site, in place of the lab's own server. */
async function serveDhcp(proxy: boolean): Promise<() => void> {
  const { switchNamespace, bridge } = labNames("firmware");
  const config = join(rack.rack.folder, "landfall.conf");
  const { tftp } = rack.lab.files;
  writeFileSync(config, siteDhcp(rack.rack.config.site, { interface: bridge, tftp, proxy }));
  return await dnsmasq(switchNamespace, `--conf-file=${config}`);
}

async function dnsmasq(namespace: string, ...args: string[]): Promise<() => void> {
  const common = ["--keep-in-foreground", "--user=root", "--pid-file", "--dhcp-leasefile=/dev/null"];
  const [program, ...rest] = inside(namespace, ["/usr/sbin/dnsmasq", ...common, ...args]);
  const child = spawn(program!, rest, { stdio: "ignore" });
  await once(child, "spawn");
  return () => child.kill("SIGKILL");
}

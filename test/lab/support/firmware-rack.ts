// Two machines with a firmware of their own, one of each kind, and Landfall's boot service. Knows nothing of the test runner.
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type BootClient, bootClient, type OrderKind } from "../../../modules/boot/index.ts";
import { type LabHandle, readConsole, startLab, stopLab } from "../../../modules/lab/index.ts";
import { eventually } from "../harness/eventually.ts";
import { type SmallRack, smallLanding, smallRack, writeProfile } from "./small-rack.ts";

export const firmwares = { b1: "bios", u1: "uefi" } as const;
export type Name = keyof typeof firmwares;
export const machines = Object.keys(firmwares) as Name[];

/** Seconds: emulated, on a busy computer. */
const slow = 600;

export interface FirmwareRack {
  readonly rack: SmallRack;
  readonly lab: LabHandle;
  readonly client: BootClient;
  order(machine: Name, kind: OrderKind): Promise<void>;
  /** Consoles and stages are those since the last power-on. */
  said(machine: Name): string;
  stages(machine: Name): readonly string[];
  says(machine: Name, text: string): Promise<void>;
  /** Until its system runs; returns the seconds since its power-on. */
  starts(machine: Name): Promise<number>;
  /** The disk's image. */
  image(machine: Name): string;
  close(): Promise<void>;
}

export async function openFirmwareRack(name: string, number: number): Promise<FirmwareRack> {
  const rack = await smallRack({
    name,
    number,
    service: "landfall",
    machines: machines.map((machine) => ({ name: machine, kind: "qemu", firmware: firmwares[machine] })),
  });
  writeProfile(rack, machines, "/dev/disk/by-id/virtio-disk0");
  const lab = await startLab(rack.config);
  const { tls, rpc } = rack.config.site.boot;
  const read = (path: string) => readFileSync(join(rack.folder, path), "utf8");
  const client = bootClient({ endpoint: rpc, ca: read(tls.ca), cert: read(tls.cert), key: read(tls.key) });
  for (const machine of machines)
    await client.register({ mac: rack.mac(machine), name: machine, site: name });

  const said = (machine: Name) => {
    const all = readConsole(lab.files.machine(machine).console).toString("latin1");
    return all.slice(all.lastIndexOf("landfall: stage firmware"));
  };
  const events = (machine: Name) => {
    const own = lab.events().filter((event) => event.machine === machine);
    return own.slice(own.findLastIndex(({ stage }) => stage === "power"));
  };
  const says = async (machine: Name, text: string) => {
    try {
      await eventually(text, slow, async () => said(machine).includes(text) || undefined);
    } catch (cause) {
      throw new Error(`${machine} did not say "${text}": ${said(machine).slice(-1500)}`, { cause });
    }
  };
  return {
    rack,
    lab,
    client,
    order: async (machine, kind) => {
      await client.arm({ mac: rack.mac(machine), ...smallLanding, kind, seconds: 3600 });
    },
    said,
    stages: (machine) => events(machine).map(({ stage }) => stage),
    says,
    starts: async (machine) => {
      await says(machine, "touched by Ignition");
      const [first, ...rest] = events(machine).map(({ time }) => Date.parse(time));
      return (rest.at(-1)! - first!) / 1000;
    },
    image: (machine) => join(lab.files.machine(machine).folder, "disk.img"),
    close: async () => {
      client.close();
      await stopLab(rack.config);
      rmSync(rack.folder, { recursive: true, force: true });
    },
  };
}

// Machines with a firmware of their own whose power goes at every step of an install, and which are left on network boot.
import { rmSync } from "node:fs";
import { type FirmwareRack, machines, type Name, openFirmwareRack } from "../lab/support/firmware-rack.ts";
import { smallLanding } from "../lab/support/small-rack.ts";

/** As init announces them on the console. */
const points = [
  ...["stage install", "step claimed", "step loader", "step partitioned", "step formatted", "step laid-out"],
  ...["step disarmed", "step fetched-root", "step fetched-ramdisk", "step marked", "step rooted"],
  ...["stage ignition", "step filled", "step installed", "step arming", "step armed", "stage system"],
];

export interface MetalResult {
  readonly what: string;
  readonly bios: string;
  readonly uefi: string;
  readonly passed: boolean;
}

/** @param rounds points of an install, from the first, at which both machines lose their power. Default: all. */
export async function metalRounds(
  rounds: number | undefined,
  say: (line: string) => void,
): Promise<MetalResult[]> {
  const rack = await openFirmwareRack("metal-soak", 95);
  const results: MetalResult[] = [];
  const note = (what: string, [bios = "", uefi = ""]: readonly string[]) => {
    const passed = [bios, uefi].every((outcome) => !outcome.startsWith("FAILED"));
    results.push({ what, bios, uefi, passed });
    say(`${what}: BIOS ${bios}; UEFI ${uefi}`);
  };
  try {
    for (const point of points.slice(0, rounds))
      note(`power cut at "${point}"`, await Promise.all(machines.map((name) => cutAt(rack, name, point))));
    for (let times = 1; times <= 10; times++)
      note(
        `left on network boot, ${times}`,
        await Promise.all(machines.map((name) => networkBoot(rack, name))),
      );
  } finally {
    await rack.close();
  }
  return results;
}

/** From a blank disk: cut, then power alone until the system runs; then the disk alone. */
async function cutAt(rack: FirmwareRack, name: Name, point: string): Promise<string> {
  const { lab, client } = rack;
  return await outcome(rack, name, async () => {
    await lab.cutPower([name]);
    await client.release({ mac: rack.rack.mac(name), ...smallLanding });
    rmSync(rack.image(name), { force: true });
    await rack.order(name, "install");
    await lab.powerOn([name]);
    await rack.says(name, `landfall: ${point}`);
    await lab.cutPower([name]);
    await lab.powerOn([name]);
    const first = await rack.starts(name);
    const how = rack.stages(name).includes("install") ? "installed" : "from its disk";
    await lab.cutPower([name]);
    await lab.powerOn([name]);
    const next = await rack.starts(name);
    if (rack.stages(name).includes("install")) throw new Error("it was installed a second time");
    return `${how} in ${first.toFixed(0)} s, then from its disk in ${next.toFixed(0)} s`;
  });
}

async function networkBoot(rack: FirmwareRack, name: Name): Promise<string> {
  return await outcome(rack, name, async () => {
    await rack.lab.cutPower([name]);
    await rack.lab.powerOn([name], { network: true });
    const seconds = await rack.starts(name);
    if (rack.stages(name).includes("install")) throw new Error("it was installed again");
    // The BIOS's iPXE speaks to a screen.
    if (name === "u1" && !rack.said(name).includes("/boot.ipxe"))
      throw new Error("it did not start from the network");
    return `its disk, in ${seconds.toFixed(0)} s`;
  });
}

/** A failure is a result, and keeps the other machine from nothing. */
async function outcome(rack: FirmwareRack, name: Name, story: () => Promise<string>): Promise<string> {
  try {
    return await story();
  } catch (error) {
    return `FAILED: ${error instanceof Error ? error.message : error}; stages ${rack.stages(name).join(", ")}`;
  }
}

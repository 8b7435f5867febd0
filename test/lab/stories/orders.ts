// Installs that are ordered, cut short, refused, slow and over; rescues, and disks that were replaced.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import type { BootClient, MachineRecord } from "../../../modules/boot/index.ts";
import { labFiles, readConsole } from "../../../modules/lab/index.ts";
import { clientOf } from "../../support/boot-client.ts";
import { eventually } from "../harness/eventually.ts";
import type { Rack } from "../harness/rack.ts";
import { tell } from "../harness/story.ts";

const cluster = "lab-v1";

/** @param starts how often a machine in service is started with its firmware set to the network */
export function orders(rack: () => Rack, starts: number): void {
  test("an install is ordered, reported and over; after it there is no Ignition and no metadata", async () => {
    await rack().landfall("deploy", cluster);
    for (const { name, mac } of machines(rack(), ["m1", "w1"])) {
      const record = await known(rack(), name);
      expect(record.order).toMatchObject({ kind: "install", state: "done", cluster });
      expect(record.installed).toMatchObject({ cluster });
      const reached = record.stages.map(({ stage }) => stage);
      expect(reached).toEqual(expect.arrayContaining(["ipxe", "install", "ignition", "installed"]));
      expect(record.console.join("\n")).toContain("landfall: stage ignition");
      await eventually(`${name} to say that it is ready`, 30, async () =>
        (await known(rack(), name)).stages.some(({ stage }) => stage === "ready") ? true : undefined,
      );
      expect(await ask(rack(), `ignition?mac=${mac}`)).toMatchObject({ status: 404 });
      expect(await ask(rack(), `metadata?mac=${mac}`)).toMatchObject({ status: 404 });
      const script = await ask(rack(), `ipxe?mac=${mac}`);
      expect(script.body).toContain("sanboot");
      expect(script.body).not.toContain("kernel");
    }
    // nginx's address: the machines asked there for kernel and initrd, or they would not have booted.
    const profile = readFileSync(
      join(rack().project.lab, `matchbox/profiles/${cluster}-workers.json`),
      "utf8",
    );
    expect(profile).toContain(`http://10.77.0.1:${rack().project.ports.assets}/assets/`);
  });

  test(`left on network boot, a machine in service boots its disk, ${starts} times of ${starts}`, async () => {
    const witness = join(rack().disk("w1"), "root/witness");
    writeFileSync(witness, "kept");
    const marker = readFileSync(join(rack().disk("w1"), "marker"), "utf8");
    for (let start = 0; start < starts; start += 1) {
      await rack().lab.cutPower(["w1"]);
      const seen = consoleOf(rack(), "w1").length;
      await rack().lab.powerOn(["w1"], { network: true });
      await eventually("w1 to boot its disk", 60, async () => {
        const said = consoleOf(rack(), "w1").slice(seen);
        expect(said).not.toContain("stage install");
        return /booting from disk.*stage system/s.test(said) ? true : undefined;
      });
    }
    expect(readFileSync(witness, "utf8")).toBe("kept");
    expect(readFileSync(join(rack().disk("w1"), "marker"), "utf8")).toBe(marker);
    await healthy(rack());
    tell("starts of a machine in service from the network, without an install", `${starts} of ${starts}`);
  });

  test("another cluster gets no order for it, and is told who holds it", async () => {
    const [{ mac } = { mac: "" }] = machines(rack(), ["w1"]);
    const other = {
      mac,
      cluster: "lab-v2",
      generation: "f".repeat(16),
      kind: "install",
      seconds: 60,
    } as const;
    await expect(openClient(rack()).arm(other)).rejects.toMatchObject({
      code: "in-service",
      details: { found: expect.stringContaining(cluster) },
    });
  });

  test("power cut in the middle of its install, power alone finishes it", async () => {
    rack().editCluster(cluster, (file) => {
      file.pools[0]?.machines.push("w2");
      file.retire = { disks: "wipe" };
    });
    const deploy = rack().startLandfall("deploy", cluster);
    await eventually(
      "w2 to install",
      60,
      async () => (consoleOf(rack(), "w2").includes("stage install") ? true : undefined),
      10,
    );
    await rack().lab.cutPower(["w2"]);
    expect(existsSync(join(rack().disk("w2"), "boot"))).toBe(false);
    // As a person would, who has only a power button.
    await rack().lab.powerOn(["w2"]);
    const { exitCode, output } = await deploy.ended;
    expect(exitCode, output).toBe(0);
    expect(await known(rack(), "w2")).toMatchObject({
      order: { state: "done", boots: 2 },
      installed: { cluster },
    });
  });

  test("where the cluster wants it, a machine that leaves has its disk wiped, and is free", async () => {
    rack().editCluster(cluster, (file) => {
      file.pools[0]?.machines.pop();
    });
    await rack().landfall("deploy", cluster);
    expect(readdirSync(rack().disk("w2"))).toEqual([]);
    expect((await known(rack(), "w2")).installed).toBeUndefined();
    const { machines: now } = await rack().lab.status();
    expect(now.find(({ name }) => name === "w2")?.power).toBe("Off");
  });

  test("a slow machine is named, and waited for by the next deploy: it keeps its order, and its power", async () => {
    rack().editCluster(cluster, (file) => {
      file.pools[0]?.machines.push("w2");
      file.timeouts.boot = 30;
    });
    await rack().lab.setDead(["w2"], true);
    const first = await rack().tryLandfall("deploy", cluster);
    expect(first.exitCode).toBe(1);
    const about = first.output.split("\n").filter((line) => line.includes("w2"));
    expect(about.join("\n"), "what is said of w2").toMatch(/power on; last stage/);
    const { order } = await known(rack(), "w2");
    expect(order).toMatchObject({ kind: "install", state: "armed" });

    const before = powered(rack(), "w2");
    const second = rack().startLandfall("deploy", cluster);
    const steps = join(rack().project.root, ".landfall/run", cluster, "steps/w2.json");
    await eventually("w2 to be attended to", 60, async () =>
      JSON.parse(readFileSync(steps, "utf8")).failed === undefined ? true : undefined,
    );
    // Its POST is over.
    await rack().lab.cutPower(["w2"]);
    await rack().lab.setDead(["w2"], false);
    await rack().lab.powerOn(["w2"], { network: true });
    const { exitCode, output } = await second.ended;
    expect(exitCode, output).toBe(0);
    expect(output).toMatch(/w2.*waited for/);
    expect(powered(rack(), "w2"), "the deploy left its power alone").toBe(before + 1);
    expect((await known(rack(), "w2")).order).toMatchObject({ id: order?.id, state: "done", boots: 1 });
  });

  test("a rescue boots once into memory, by the command line alone; the disk keeps every byte", async () => {
    await rack().landfall("power", "off", "w1");
    const before = fingerprint(rack(), "w1");
    expect((await rack().landfall("boot", "rescue", "w1")).stdout).toContain(
      "npx landfall power network-boot w1",
    );
    await rack().landfall("power", "network-boot", "w1");
    const rescue = consoleOf(rack(), "w1").length;
    await rack().landfall("power", "on", "w1");
    await eventually("w1 to start its rescue", 60, async () => {
      const said = consoleOf(rack(), "w1").slice(rescue);
      expect(said).not.toContain("booting from disk");
      return /stage install.*stage ignition.*stage system/s.test(said) ? true : undefined;
    });
    expect(await known(rack(), "w1")).toMatchObject({
      order: { kind: "rescue", state: "running", boots: 1 },
      installed: { cluster },
    });
    await rack().landfall("power", "off", "w1");
    expect(fingerprint(rack(), "w1")).toBe(before);

    await rack().landfall("power", "network-boot", "w1");
    const disk = consoleOf(rack(), "w1").length;
    await rack().landfall("power", "on", "w1");
    await eventually("w1 to boot its disk", 60, async () => {
      const said = consoleOf(rack(), "w1").slice(disk);
      expect(said).not.toContain("stage install");
      return /booting from disk.*stage system/s.test(said) ? true : undefined;
    });
    expect((await known(rack(), "w1")).order).toMatchObject({ kind: "rescue", state: "done", boots: 1 });
    await healthy(rack());
  });

  test("a machine whose disk was replaced says nothing of it; released by hand, it is installed again", async () => {
    await rack().lab.cutPower(["w2"]);
    await rack().lab.setDead(["w2"], true);
    await rack().lab.powerOn(["w2"]);
    rack().editCluster(cluster, (file) => {
      file.pools[0]?.machines.pop();
    });
    expect((await rack().landfall("deploy", cluster)).output).toContain("npx landfall boot release w2");
    expect((await known(rack(), "w2")).installed).toMatchObject({ cluster });

    await rack().lab.setDead(["w2"], false);
    rmSync(rack().disk("w2"), { recursive: true });
    mkdirSync(rack().disk("w2"));
    expect((await rack().landfall("boot", "release", "w2")).stdout).toBe(`w2: no longer held by ${cluster}`);
    const free = await known(rack(), "w2");
    expect([free.installed, free.order]).toEqual([undefined, undefined]);

    rack().editCluster(cluster, (file) => {
      file.pools[0]?.machines.push("w2");
      file.timeouts.boot = 300;
    });
    await rack().landfall("deploy", cluster);
    expect(await known(rack(), "w2")).toMatchObject({
      order: { kind: "install", state: "done", boots: 1 },
      installed: { cluster },
    });
    await healthy(rack());
  });
}

async function healthy(rack: Rack): Promise<void> {
  await eventually("all conditions", 120, async () =>
    (await rack.tryLandfall("status", cluster)).exitCode === 0 ? true : undefined,
  );
}

/** How often a machine was given power. */
function powered(rack: Rack, machine: string): number {
  return rack.events().filter((event) => event.machine === machine && event.stage === "power").length;
}

/** Of everything on the disk of a machine that is off: names, contents, owners, times. */
function fingerprint(rack: Rack, machine: string): string {
  return execFileSync("sh", ["-c", 'tar --sort=name -C "$1" -cf - . | sha256sum', "-", rack.disk(machine)], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
}

function machines(rack: Rack, names: readonly string[]) {
  return rack.project.machines.filter(({ name }) => names.includes(name));
}

async function known(rack: Rack, machine: string): Promise<MachineRecord> {
  const { stdout } = await rack.landfall("boot", "machines", "--json");
  const record = (JSON.parse(stdout) as MachineRecord[]).find(({ name }) => name === machine);
  if (record === undefined) throw new Error(`the boot service does not know ${machine}`);
  return record;
}

function openClient({ project }: Rack): BootClient {
  const client = clientOf({ rpc: `127.0.0.1:${project.ports.rpc}`, tls: join(project.lab, "tls") });
  onTestFinished(() => client.close());
  return client;
}

async function ask(rack: Rack, path: string): Promise<{ status: number; body: string }> {
  const response = await fetch(`http://127.0.0.1:${rack.project.ports.http}/${path}`);
  return { status: response.status, body: await response.text() };
}

function consoleOf(rack: Rack, machine: string): string {
  return readConsole(labFiles(rack.project.lab).machine(machine).console).toString();
}

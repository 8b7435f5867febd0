// The virtual rack by itself: machines go the whole way from power-on to systemd, faults hit where they are aimed,
// and nothing is left of a lab, however it ended.
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { connect as connectTls } from "node:tls";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import {
  daemonOf,
  inside,
  type LabHandle,
  labNames,
  readConsole,
  startLab,
  stopLab,
} from "../../modules/lab/index.ts";
import { hostState, listeners } from "./support/host-state.ts";
import { type SmallRack, smallRack, writeProfile } from "./support/small-rack.ts";

const wait = { timeout: 60_000, interval: 100 };
const slow = { timeout: 480_000, interval: 500 };

let rack: SmallRack;
let neighbour: SmallRack;
let before: ReturnType<typeof hostState>;
const names = () => [rack.folder, neighbour.folder, "rack-a", "rack-b"];

beforeAll(async () => {
  [rack, neighbour] = await Promise.all([
    smallRack({
      name: "rack-a",
      number: 97,
      machines: [{ name: "m1" }, { name: "m2" }, { name: "u1", kind: "qemu", firmware: "uefi" }],
    }),
    smallRack({ name: "rack-b", number: 98, machines: [{ name: "m1" }] }),
  ]);
  before = hostState(names());
});

afterAll(async () => {
  for (const each of [rack, neighbour]) {
    await stopLab(each.config);
    rmSync(each.folder, { recursive: true, force: true });
  }
});

/** Stages of a machine since its last power-on. */
function stages(lab: LabHandle, machine: string): string[] {
  const own = lab
    .events()
    .filter((event) => event.machine === machine)
    .map(({ stage }) => stage);
  return own.slice(own.lastIndexOf("power"));
}
const consoleOf = (lab: LabHandle, machine: string) =>
  readConsole(lab.files.machine(machine).console).toString();
const disk = (lab: LabHandle, machine: string) => lab.files.machine(machine).disk;
const reaches = (lab: LabHandle, machine: string, stage: string, options = wait) =>
  vi.waitFor(() => expect(stages(lab, machine)).toContain(stage), options);
const power = async (lab: LabHandle, machine: string) =>
  (await lab.status()).machines.find(({ name }) => name === machine)?.power;

describe("a lab that is up", () => {
  let lab: LabHandle;
  beforeAll(async () => {
    lab = await startLab(rack.config);
  });

  it("is found up by whoever starts it again", async () => {
    expect((await startLab(rack.config)).started).toBe(false);
  });

  it("listens on 127.0.0.1 only", () => {
    const fresh = listeners().filter((each) => !before.listeners.includes(each));
    const ports = fresh.map((each) => Number.parseInt(each.split(":")[1]!, 16)).sort();
    expect(ports).toEqual(expect.arrayContaining(Object.values(rack.ports)));
    for (const port of Object.values(rack.ports)) {
      const at = fresh.filter((each) => Number.parseInt(each.split(":")[1]!, 16) === port);
      expect(at).toEqual([expect.stringMatching(/^0100007F:/)]);
    }
  });

  it("keeps its keys and credentials to root", () => {
    const { tls } = rack.config.site.boot;
    for (const path of [tls.key, "lab/tls/server.key", "lab/bmc-credentials"]) {
      expect(statSync(join(rack.folder, path)).mode & 0o777, path).toBe(0o600);
    }
    expect(existsSync(join(rack.folder, "lab/tls/ca.key"))).toBe(false);
  });

  it("lets only its own client speak gRPC with Matchbox", async () => {
    const { tls } = rack.config.site.boot;
    const [ca, cert, key] = [tls.ca, tls.cert, tls.key].map((path) => readFileSync(join(rack.folder, path)));
    const handshake = (credentials: object) =>
      new Promise<string>((resolve) => {
        const socket = connectTls({
          host: "127.0.0.1",
          port: rack.ports.rpc,
          ca,
          ALPNProtocols: ["h2"],
          ...credentials,
        });
        // TLS 1.3 refuses a client after the handshake: the server's first frame, or its alert, tells.
        socket
          .once("data", () => resolve("accepted"))
          .once("error", () => resolve("refused"))
          .once("close", () => resolve("refused"));
        socket.setTimeout(10_000, () => socket.destroy());
      });
    expect(await Promise.all([handshake({ cert, key }), handshake({})])).toEqual(["accepted", "refused"]);
  });

  it("asks for a machine until the boot service knows it, and says so on its console", async () => {
    await lab.powerOn(["m1", "m2"]);
    await vi.waitFor(
      () => expect(consoleOf(lab, "m1")).toContain(`no boot target for ${rack.mac("m1")}`),
      wait,
    );
    expect(await power(lab, "m1")).toBe("On");
    writeProfile(rack, ["m1", "m2", "u1"]);
    await Promise.all([reaches(lab, "m1", "hello"), reaches(lab, "m2", "hello")]);
    expect(stages(lab, "m1")).toEqual([
      "power",
      "firmware",
      "boot",
      "install",
      "ignition",
      "system",
      "hello",
    ]);
    expect(consoleOf(lab, "m1")).toContain("touched by Ignition");
  });

  it("reaches machines through its proxy, and nothing else through it", async () => {
    const connect = (to: string) =>
      execFileSync(
        "curl",
        [
          "--silent",
          "--proxytunnel",
          "--proxy",
          `http://127.0.0.1:${rack.ports.proxy}`,
          "--max-time",
          "10",
          "--write-out",
          "%{http_connect}",
          "--output",
          "/dev/null",
          `http://${to}/`,
        ],
        { encoding: "utf8", env: { PATH: process.env.PATH ?? "" } },
      );
    expect(connect(`10.97.0.1:${rack.ports.http}`)).toBe("200");
    expect(() => connect("127.0.0.1:22")).toThrow(expect.objectContaining({ stdout: "403" }));
    expect(() => connect("192.0.2.1:80")).toThrow(expect.objectContaining({ stdout: "403" }));
  });

  it("cuts the power of machines at once, and their addresses answer no more", async () => {
    const { switchNamespace } = labNames("rack-a");
    const ping = (address: string) =>
      execFileSync(
        "sh",
        [
          "-c",
          `${inside(switchNamespace, ["busybox", "ping", "-c1", "-W2", address]).join(" ")} >&2 && echo yes || echo no`,
        ],
        { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] },
      ).trim();
    await vi.waitFor(() => expect(ping("10.97.0.10")).toBe("yes"), wait);
    await lab.cutPower(["m1", "m2"]);
    expect([await power(lab, "m1"), await power(lab, "m2")]).toEqual(["Off", "Off"]);
    expect(ping("10.97.0.10")).toBe("no");
    expect(readdirSync("/run/netns").filter((name) => name.startsWith("lf-rack-a-"))).toEqual([
      switchNamespace,
    ]);
  });

  it("boots a machine from its disk without DHCP and boot service", async () => {
    await Promise.all([lab.stopService("dhcp"), lab.stopService("boot")]);
    await lab.powerOn(["m1"]);
    await reaches(lab, "m1", "hello");
    expect(stages(lab, "m1")).toEqual(["power", "firmware", "boot", "system", "hello"]);
    await Promise.all([lab.startService("dhcp"), lab.startService("boot")]);
  });

  it("goes to the network once when the BMC says so, and does not wipe what is installed", async () => {
    const url = `http://127.0.0.1:${rack.ports.bmc}/redfish/v1/Systems/m1`;
    const credentials = readFileSync(join(rack.folder, "lab/bmc-credentials"), "utf8").trim();
    const ask = async (method: string, path: string, body?: unknown) => {
      const headers = { authorization: `Basic ${Buffer.from(credentials).toString("base64")}` };
      const response = await fetch(`${url}${path}`, {
        method,
        headers,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      expect(response.ok, `${method} ${path}`).toBe(true);
      return await response.text();
    };
    writeFileSync(join(disk(lab, "m1"), "var", "precious"), "data");
    await ask("PATCH", "", { Boot: { BootSourceOverrideEnabled: "Once", BootSourceOverrideTarget: "Pxe" } });
    await ask("POST", "/Actions/ComputerSystem.Reset", { ResetType: "ForceRestart" });
    await reaches(lab, "m1", "hello");
    expect(stages(lab, "m1")).not.toContain("install");
    expect(readFileSync(join(disk(lab, "m1"), "var", "precious"), "utf8")).toBe("data");
    const answer = JSON.parse(await ask("GET", "")) as { PowerState: string };
    expect(answer.PowerState).toBe("On");
    expect(await ask("GET", "/Oem/Landfall/Console")).toContain("boot file");
  });

  it("refuses a disk of another cluster", async () => {
    await lab.cutPower(["m2"]);
    writeFileSync(join(disk(lab, "m2"), "marker"), "cluster=other-v1\ngeneration=1\nstate=installed\n");
    await lab.powerOn(["m2"], { network: true });
    await vi.waitFor(() => expect(consoleOf(lab, "m2")).toMatch(/init ended with 10: halted/), wait);
    expect(consoleOf(lab, "m2")).toContain("other-v1");
    expect(await power(lab, "m2")).toBe("On");
    await lab.cutPower(["m2"]);
    rmSync(disk(lab, "m2"), { recursive: true });
  });

  it("plays a dead machine: power and no more", async () => {
    await lab.setDead(["m2"], true);
    await lab.powerOn(["m2"]);
    expect(await power(lab, "m2")).toBe("On");
    expect(stages(lab, "m2")).toEqual(["power"]);
    await lab.cutPower(["m2"]);
    await lab.setDead(["m2"], false);
  });

  it("boots a QEMU machine by its true firmware", async () => {
    await lab.powerOn(["u1"]);
    await reaches(lab, "u1", "hello", slow);
    expect(stages(lab, "u1")).toEqual([
      "power",
      "firmware",
      "boot",
      "install",
      "ignition",
      "system",
      "hello",
    ]);
    await lab.cutPower(["u1"]);
  });

  it("tells what it costs", async () => {
    const usage = await lab.usage();
    expect(Object.keys(usage).sort()).toEqual(["m1", "m2", "services", "u1"]);
    expect(usage.m1!.memory).toBeGreaterThan(1 << 20);
    expect(usage.m1!.disk).toBeGreaterThan(1 << 16);
    expect(usage.services!.memory).toBeLessThan(256 << 20);
    expect(usage.u1!.memory).toBe(0);
  });

  it("does not notice a neighbour", async () => {
    const other = await startLab(neighbour.config);
    writeProfile(neighbour, ["m1"]);
    await other.powerOn(["m1"]);
    await reaches(other, "m1", "hello");
    await stopLab(neighbour.config);
    expect(await power(lab, "m1")).toBe("On");
    expect((await lab.status()).services).toEqual({ dhcp: "running", boot: "running", relay: "running" });
  });

  it("goes without a trace", async () => {
    await stopLab(rack.config);
    expectNothingLeft();
  });
});

describe("a lab whose daemon was killed", () => {
  it("comes up again with its disks, and goes without a trace after another kill", async () => {
    const lab = await startLab(rack.config);
    writeProfile(rack, ["m1"]);
    await lab.powerOn(["m1"]);
    await reaches(lab, "m1", "hello");
    process.kill(daemonOf(rack.config.stateDir)!, "SIGKILL");
    await vi.waitFor(() => expect(daemonOf(rack.config.stateDir)).toBeUndefined(), wait);

    const again = await startLab(rack.config);
    expect(again.started).toBe(true);
    expect(await power(again, "m1")).toBe("Off");
    await again.powerOn(["m1"]);
    await reaches(again, "m1", "hello");
    expect(stages(again, "m1")).not.toContain("install");

    process.kill(daemonOf(rack.config.stateDir)!, "SIGKILL");
    const report = await stopLab(rack.config);
    expect(report.processes).toBeGreaterThan(1);
    expectNothingLeft();
    expect(await stopLab(rack.config)).toEqual({ processes: 0, namespaces: [], mounts: 0, sysctls: [] });
  });
});

describe("a lab that cannot come up", () => {
  it("says why, and leaves nothing", async () => {
    const taken = {
      ...neighbour.config,
      site: { ...neighbour.config.site, name: "rack-a", boot: rack.config.site.boot },
    };
    await expect(startLab(taken)).rejects.toThrow(expect.objectContaining({ code: "lab-site-unsuitable" }));
    const lab = await startLab(rack.config);
    const clash = {
      ...neighbour.config,
      site: {
        ...neighbour.config.site,
        boot: { ...neighbour.config.site.boot, rpc: rack.config.site.boot.rpc },
      },
    };
    await expect(startLab(clash)).rejects.toThrow(expect.objectContaining({ code: "port-taken" }));
    expect(readdirSync("/run/netns").filter((name) => name.startsWith("lf-rack-b-"))).toEqual([]);
    expect((await lab.status()).services.relay).toBe("running");
    await stopLab(rack.config);
    expectNothingLeft();
  });
});

/** While another lab is up, the settings that labs share stay as that one needs them. */
function expectNothingLeft(): void {
  const after = hostState(names());
  expect({ ...after, listeners: [], sysctls: {} }).toEqual({ ...before, listeners: [], sysctls: {} });
  const own = new Set([...Object.values(rack.ports), ...Object.values(neighbour.ports)]);
  expect(after.listeners.filter((each) => own.has(Number.parseInt(each.split(":")[1]!, 16)))).toEqual([]);
  const shared = existsSync("/run/landfall/sysctls.json")
    ? Object.keys(JSON.parse(readFileSync("/run/landfall/sysctls.json", "utf8")) as object)
    : [];
  // Linux shows limits of inotify by two names.
  const byName = (path: string) =>
    path.slice("/proc/sys/".length).replaceAll("/", ".").replace("user.max_inotify_", "fs.inotify.max_user_");
  const rest = (sysctls: Readonly<Record<string, string>>) =>
    Object.entries(sysctls).filter(([path]) => !shared.includes(byName(path)));
  expect(rest(after.sysctls)).toEqual(rest(before.sysctls));
  expect(existsSync(rack.config.stateDir)).toBe(false);
}

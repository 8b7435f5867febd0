// The service as a process: deploys by client certificate, machines by what busybox can say, and a kill in between.
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type BootClient, bootClient } from "../../modules/boot/index.ts";
import { clientOf } from "../support/boot-client.ts";
import { type Matchbox, startLandfallBoot } from "../support/matchbox.ts";
import { withClients } from "./peers.ts";
import { simulatedMachine } from "./simulated-machine.ts";

const folder = mkdtempSync(join(tmpdir(), "landfall-orders-"));
let service: Matchbox;
let client: BootClient;

beforeAll(async () => {
  service = await startLandfallBoot(folder);
  client = clientOf(service);
  const { profiles, groups, ignition } = withClients(service);
  await ignition.ignitionPut({ name: "lab.ign", config: Buffer.from('{"ignition":{"version":"3.4.0"}}') });
  await profiles.profilePut({
    profile: { id: "lab", ignitionId: "lab.ign", boot: { kernel: "/assets/kernel", initrd: [], args: [] } },
  });
  await groups.groupPut({ group: { id: "all", profile: "lab" } });
}, 60_000);
afterAll(async () => {
  client.close();
  await service.stop();
  rmSync(folder, { recursive: true });
}, 30_000);

let machines = 0;
/** Another machine, with an order to install. */
async function armed(): Promise<{ readonly mac: string; readonly order: string }> {
  machines += 1;
  const mac = `52:54:00:00:02:${String(10 + machines)}`;
  await client.register({
    mac,
    name: `m${machines}`,
    site: "lab",
    rack: "r1",
    position: "U1",
    role: "worker",
  });
  const { order } = await client.arm({
    mac,
    cluster: "lab-v1",
    generation: "g1",
    kind: "install",
    seconds: 600,
  });
  return { mac, order: order!.id };
}

describe("busybox wget, as machines have it", () => {
  const wget = (...args: readonly string[]) => {
    const { status, stdout, stderr } = spawnSync("busybox", ["wget", "-q", "-O", "-", ...args], {
      encoding: "utf8",
    });
    return { ok: status === 0, text: stdout, stderr };
  };

  test("asks, and reports in three ways", async () => {
    const { mac, order } = await armed();
    const script = wget(`${service.http}/ipxe?mac=${mac}`).text;
    const report = /landfall\.report=(\S+)/.exec(script)![1]!;
    expect(script).toContain(`landfall.order=${order}`);
    expect(wget(`${report}&order=${order}`)).toMatchObject({ ok: true, text: "running\n" });
    expect(wget("--post-data", `order=${order}&stage=install&percent=30&reason=`, report).ok).toBe(true);
    expect(await client.get(mac)).toMatchObject({
      percent: 30,
      stages: [{ stage: "ipxe" }, { stage: "install" }],
    });
    const lines = join(folder, "console");
    writeFileSync(lines, '100% done & "well"\nlast=line\n');
    const address = `${report}&order=${order}&stage=ignition&body=console`;
    expect(wget("--post-file", lines, address).ok).toBe(true);
    expect((await client.get(mac))?.console).toEqual(['100% done & "well"', "last=line"]);
    const json = JSON.stringify({ order, result: "installed" });
    expect(wget("--header", "Content-Type: application/json", "--post-data", json, report).ok).toBe(true);
    expect((await client.get(mac))?.installed).toMatchObject({ cluster: "lab-v1", generation: "g1" });
    // Its order is done: whoever asks now must not write.
    expect(wget(`${report}&order=${order}`)).toMatchObject({
      ok: false,
      stderr: expect.stringContaining("409"),
    });
  });

  test("hears of what is refused by its exit status", async () => {
    const { mac, order } = await armed();
    const report = `${service.http}/report?mac=${mac}`;
    expect(wget("--post-data", `order=${"0".repeat(32)}&result=installed`, report).ok).toBe(false);
    expect(wget("--post-data", "garbage", report).ok).toBe(false);
    expect(wget("--post-data", `order=${order}`, `${service.http}/report?mac=52:54:00:00:02:99`).ok).toBe(
      false,
    );
    expect((await client.get(mac))?.installed).toBeUndefined();
  });
});

describe("deploys", () => {
  test("are let in by a certificate of the service's authority alone", async () => {
    const strange = join(folder, "strange");
    execFileSync(
      "openssl",
      [
        ..."req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -subj /CN=strange".split(
          " ",
        ),
        ...["-keyout", `${strange}.key`, "-out", `${strange}.crt`],
      ],
      { stdio: "ignore" },
    );
    const pem = (path: string) => readFileSync(path, "utf8");
    const foreign = bootClient({
      endpoint: service.rpc,
      ca: pem(join(service.tls, "ca.crt")),
      cert: pem(`${strange}.crt`),
      key: pem(`${strange}.key`),
      patienceSeconds: 0,
    });
    await expect(foreign.list()).rejects.toMatchObject({ code: "boot-service-unreachable" });
    foreign.close();
  });

  test("are told what is refused as the service says it", async () => {
    const { mac } = await armed();
    const green = { mac, cluster: "green-v1", generation: "g1" };
    await expect(client.arm({ ...green, kind: "install", seconds: 60 })).rejects.toMatchObject({
      code: "machine-taken",
      details: { next: expect.stringContaining("lab-v1") },
    });
    await expect(client.arm({ ...green, kind: "install", seconds: 0 })).rejects.toMatchObject({
      code: "request-invalid",
    });
    expect(await client.get("52:54:00:00:02:99")).toBeUndefined();
    await client.putConditions("lab-v1", { ok: true });
    expect(readFileSync(join(service.data, "conditions/lab-v1.json"), "utf8")).toBe('{"ok":true}');
  });

  test("wait for a service that is just starting, and say so of one that never does", async () => {
    const early = clientOf({ rpc: "127.0.0.1:1", tls: service.tls }, { patienceSeconds: 1 });
    const before = performance.now();
    await expect(early.list()).rejects.toMatchObject({
      code: "boot-service-unreachable",
      message: expect.stringContaining("127.0.0.1:1"),
    });
    expect(performance.now() - before).toBeGreaterThan(500);
    early.close();
  });
});

test("a service that is killed in the middle of an install goes on with what it wrote down", async () => {
  const { mac, order } = await armed();
  const machine = simulatedMachine(mac, [service.http], () => 5);
  expect(await machine.start(3)).toBe("cut");
  await service.kill();
  // On other ports, and with another authority, as a test has it; its data are the same.
  service = await startLandfallBoot(folder);
  client.close();
  client = clientOf(service);
  expect(await client.get(mac)).toMatchObject({ order: { id: order, state: "running", boots: 1 } });
  const again = simulatedMachine(mac, [service.http], () => 5);
  expect(await again.start()).toBe("installed");
  expect([await again.start(), await again.start()]).toEqual(["local", "local"]);
  expect(await client.get(mac)).toMatchObject({ order: { id: order, state: "done", boots: 2 } });
}, 60_000);

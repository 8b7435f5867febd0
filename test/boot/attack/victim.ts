// A boot service that is attacked, and what one may expect of it meanwhile: that it lives, answers, and does not grow.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { Agent, get } from "node:http";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { vi } from "vitest";
import type { BootClient } from "../../../modules/boot/index.ts";
import { clientOf } from "../../support/boot-client.ts";
import { startLandfallBoot } from "../../support/matchbox.ts";
import { freePorts } from "../../support/ports.ts";
import { type Peer, withClients } from "../peers.ts";

export interface Victim extends Peer {
  readonly folder: string;
  readonly assets: string;
  /** What it has logged. */
  readonly logged: () => string;
  readonly memory: () => Memory;
  /** Milliseconds until a machine had its boot script, over a new connection. Throws where it has none in 5 s. */
  readonly boot: () => Promise<number>;
  /** The same of a server that does nothing else, and that nobody attacks. */
  readonly control: () => Promise<number>;
  /** What is in the data folder. */
  readonly tree: () => Readonly<Record<string, string>>;
}

/** Garbage waits a while to be collected. */
export const roomMegabytes = 350;

export interface Memory {
  /** Resident, MB. */
  readonly megabytes: number;
  readonly handles: number;
}

/** Known to Landfall, and in service: it boots its disk, come what may. */
export const inService = "52:54:00:00:00:01";
/** Not known: answered as by Matchbox. */
const other = "52-54-00-00-00-02";
export const script = "#!ipxe\nkernel /assets/k a\nboot\n";

export const document = {
  group: { id: "g", profile: "p", metadata: { name: "m" } },
  profile: { id: "p", boot: { kernel: "/assets/k", args: ["a"] }, ignition_id: "p.ign", generic_id: "g" },
  ignition: { ignition: { version: "3.4.0" } },
  generic: "name: {{.name}} {{.request.raw_query}}\n",
};

/** With one group, one profile and what it refers to, and a file among its assets. */
export async function startVictim(
  flags: readonly string[] = [],
  { under, env, prepare }: Preparation = {},
): Promise<Victim> {
  const folder = mkdtempSync(join(tmpdir(), "landfall-victim-"));
  const data = join(folder, "matchbox");
  const assets = join(folder, "assets");
  const log = join(folder, "log");
  for (const kind of ["groups", "profiles", "ignition", "generic"])
    mkdirSync(join(data, kind), { recursive: true });
  mkdirSync(assets);
  writeFileSync(join(data, "groups/g.json"), JSON.stringify(document.group));
  writeFileSync(join(data, "profiles/p.json"), JSON.stringify(document.profile));
  writeFileSync(join(data, "ignition/p.ign"), JSON.stringify(document.ignition));
  writeFileSync(join(data, "generic/g"), document.generic);
  writeFileSync(join(assets, "k"), Buffer.alloc(1_000_000, "k"));
  prepare?.({ folder, data, assets });
  const started = await startLandfallBoot(folder, flags, {
    log,
    assets,
    under: under?.({ folder, data, assets }) ?? [],
    env: env ?? {},
  });
  const peer = withClients(started);
  // As the service sees it, where that has mounts of its own.
  const seen = `/proc/${started.pid}/root${data}`;
  const status = (name: string) =>
    new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(readFileSync(`/proc/${started.pid}/status`, "utf8"))![1]!;
  const control = await startControl();
  return {
    ...peer,
    data: seen,
    control: () => bootOnce(`http://127.0.0.1:${control.port}`),
    folder,
    assets,
    logged: () => readFileSync(log, "utf8"),
    memory: () => ({
      megabytes: Number(status("VmRSS")) / 1024,
      handles: readdirSync(`/proc/${started.pid}/fd`).length,
    }),
    boot: () => bootOnce(peer.http),
    tree: () => treeOf(seen),
    async stop() {
      control.child.kill();
      await peer.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

interface Folders {
  readonly folder: string;
  readonly data: string;
  readonly assets: string;
}

export interface Preparation {
  /** A command that runs it in place of itself. */
  readonly under?: (folders: Folders) => readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Before it starts. */
  readonly prepare?: (folders: Folders) => void;
}

async function startControl() {
  const [port] = await freePorts(1);
  const program = `require("node:http").createServer((_, answer) => answer.end(${JSON.stringify(script)})).listen(${port}, "127.0.0.1", () => console.log("up"))`;
  const child = spawn(process.execPath, ["-e", program], { stdio: ["ignore", "pipe", "inherit"] });
  await once(child.stdout, "data");
  return { child, port: port! };
}

async function bootOnce(http: string): Promise<number> {
  const start = performance.now();
  const body = await read(`${http}/ipxe?mac=${other}`);
  if (body !== script) throw new Error(`no boot script: ${body.slice(0, 200)}`);
  return performance.now() - start;
}

function read(url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const asked = get(url, { agent: new Agent({ keepAlive: false }), timeout: 5000 }, (response) => {
      let body = "";
      response.setEncoding("latin1").on("data", (chunk: string) => {
        body += chunk;
      });
      response.on("end", () => resolve(body)).on("error", reject);
    });
    asked.on("timeout", () => asked.destroy(new Error("no answer in 5 s"))).on("error", reject);
  });
}

/**
 * Boots machines for as long as an attack goes on, and a little longer; nobody may be left without an answer, and half of
 * them have theirs within a second. On a computer that is busy with other things that second is longer: as much as a
 * server that nobody attacks takes there, twenty times.
 * @param ask what else is asked meanwhile, in milliseconds
 */
export async function servedWhile(
  victim: Victim,
  attack: () => Promise<unknown>,
  ask: () => Promise<number> = async () => 0,
): Promise<void> {
  // Until it has read its store for the first time, it says 503.
  await vi.waitFor(victim.boot, { timeout: 20_000 });
  const waits: number[] = [];
  const control: number[] = [];
  const state = { over: false };
  const attacked = attack().finally(() => {
    state.over = true;
  });
  const served = async () => {
    control.push(await victim.control());
    waits.push(Math.max(...(await Promise.all([victim.boot(), ask()]))));
  };
  const serving = async () => {
    while (!state.over) {
      await served();
      await setTimeout(50);
    }
  };
  await Promise.all([attacked, serving()]);
  for (let after = 0; after < 3; after++) await served();
  const allowed = Math.max(1000, 20 * median(control));
  if (median(waits) > allowed)
    throw new Error(`${waits.length} machines waited ${median(waits)} ms (median), of ${allowed}`);
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor((numbers.length - 1) / 2)]!;
}

/** One that waits for nothing. */
export function impatientClientOf(peer: Peer): BootClient {
  return clientOf(peer, { patienceSeconds: 0 });
}

/** Registers a machine, lets an order run and has it report: what is installed must stay so. */
export async function putInService(peer: Peer, mac = inService): Promise<void> {
  const client = impatientClientOf(peer);
  try {
    await client.register({ mac, name: "m1", site: "lab" });
    const { order } = await client.arm({
      mac,
      kind: "install",
      cluster: "lab-v1",
      generation: "g1",
      seconds: 600,
    });
    await read(`${peer.http}/ipxe?mac=${mac}`);
    await fetch(`${peer.http}/report?mac=${mac}`, {
      method: "POST",
      body: `order=${order!.id}&result=installed`,
    });
    const record = await client.get(mac);
    if (record?.installed === undefined) throw new Error("not installed");
  } finally {
    client.close();
  }
}

function treeOf(data: string): Record<string, string> {
  return Object.fromEntries(
    readdirSync(data, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => [
        join(parentPath, name).slice(data.length + 1),
        readFileSync(join(parentPath, name), "latin1"),
      ]),
  );
}

/** An attacker's socket: errors are its own business. */
export function open(address: string): Socket {
  const { hostname, port } = new URL(address.startsWith("http") ? address : `tcp://${address}`);
  const socket = connect({ host: hostname, port: Number(port) });
  socket.on("error", () => {});
  return socket;
}

/** What comes back until the other side closes, or for this long. */
export function exchange(
  address: string,
  bytes: string | Uint8Array,
  milliseconds = 20_000,
): Promise<{ readonly answer: string; readonly closed: boolean; readonly seconds: number }> {
  const start = performance.now();
  return new Promise((resolve) => {
    const socket = open(address);
    let answer = "";
    const end = (closed: boolean) => {
      clearTimeoutOf();
      socket.destroy();
      resolve({ answer, closed, seconds: (performance.now() - start) / 1000 });
    };
    const late = globalThis.setTimeout(() => end(false), milliseconds);
    const clearTimeoutOf = () => clearTimeout(late);
    socket.setEncoding("latin1").on("data", (chunk: string) => {
      answer += chunk;
    });
    socket.once("close", () => end(true));
    socket.write(typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes);
  });
}

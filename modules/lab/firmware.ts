// The firmware of an nspawn machine: what a NIC's PXE ROM and iPXE do, up to the kernel and its arguments.
// Everything it says on the wire comes from the machine's own network namespace.
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { LandfallError } from "../spec/index.ts";
import { type AssetCache, parseAssetUrl } from "./assets.ts";
import { attempt } from "./command.ts";
import type { ConsoleLog } from "./console.ts";
import { type BootTarget, runIpxe } from "./ipxe.ts";
import { inside } from "./network.ts";

export interface FirmwareParts {
  readonly namespace: string;
  readonly mac: string;
  readonly uuid: string;
  readonly busybox: string;
  readonly cache: AssetCache;
  readonly console: ConsoleLog;
}

/** A boot target whose files are here and verified. */
export interface FetchedBoot {
  readonly args: string;
  readonly initrd: string;
  readonly initrdSha256: string;
}

const script = join(import.meta.dirname, "udhcpc.sh");
/** Between tries, as PXE ROMs do; milliseconds. */
const backoff = [500, 1000, 2000, 4000];

/**
 * Tries until there is something to boot, as a machine with nothing on its disk would; ends by the signal only.
 * `"disk"`: it was sent to its own, where `installed` says that something is.
 */
export async function networkBoot(
  parts: FirmwareParts,
  installed: () => boolean,
  signal: AbortSignal,
): Promise<FetchedBoot | "disk"> {
  for (let tries = 0; ; tries++) {
    try {
      const target = await bootOnce(parts, signal);
      if (target !== "disk" || installed()) return target;
      parts.console.say("landfall-lab: sent to its own disk, which has nothing to boot");
    } catch (error) {
      signal.throwIfAborted();
      parts.console.say(`landfall-lab: network boot: ${describe(error)}`);
    }
    await delay(backoff[Math.min(tries, backoff.length - 1)], undefined, { signal });
  }
}

async function bootOnce(parts: FirmwareParts, signal: AbortSignal): Promise<FetchedBoot | "disk"> {
  const lease = await askDhcp(parts, signal);
  parts.console.say(`landfall-lab: ${parts.mac} is ${lease.ip}, boot file ${lease.bootfile}`);
  const settings = {
    mac: parts.mac,
    uuid: parts.uuid,
    ip: lease.ip,
    hostname: lease.hostname,
    domain: lease.domain,
    buildarch: "x86_64",
    platform: "pcbios",
  };
  const target = await runIpxe(lease.bootfile, settings, (url) => readUrl(parts, url, signal));
  return target === "disk" ? target : await fetchTarget(parts, target, signal);
}

async function fetchTarget(
  parts: FirmwareParts,
  target: BootTarget,
  signal: AbortSignal,
): Promise<FetchedBoot> {
  if (target.initrds.length !== 1) {
    throw new LandfallError("ipxe-script", "an nspawn machine boots one initrd", {
      found: `${target.initrds.length}`,
    });
  }
  const initrd = parseAssetUrl(target.initrds[0]!);
  const [path] = await Promise.all([
    fetchAsset(parts, target.initrds[0]!, signal),
    fetchAsset(parts, target.kernel, signal),
  ]);
  return { args: target.args, initrd: path, initrdSha256: initrd.sha256 };
}

/** An asset from the cache, or from the wire into it. */
export async function downloadAsset(parts: FirmwareParts, url: string, signal: AbortSignal): Promise<string> {
  const asset = parseAssetUrl(url);
  return await parts.cache.get(asset, async (to) => {
    parts.console.say(`landfall-lab: fetching ${asset.name}`);
    await wget(parts, ["-q", "-O", to, url], signal);
  });
}

/** The same, and what is cached must still be there on the wire: a rack that cannot serve it fails here. */
async function fetchAsset(parts: FirmwareParts, url: string, signal: AbortSignal): Promise<string> {
  await wget(parts, ["--spider", url], soon(signal));
  return await downloadAsset(parts, url, signal);
}

async function readUrl(parts: FirmwareParts, url: string, signal: AbortSignal): Promise<string> {
  parts.console.say(`landfall-lab: ${url}`);
  return await wget(parts, ["-q", "-O", "-", url], soon(signal));
}

function soon(signal: AbortSignal): AbortSignal {
  return AbortSignal.any([signal, AbortSignal.timeout(answerSeconds * 1000)]);
}

/** Seconds for what is no asset. */
const answerSeconds = 10;

async function wget(
  { busybox, namespace, mac }: FirmwareParts,
  args: readonly string[],
  signal: AbortSignal,
): Promise<string> {
  const { code, stdout, stderr } = await attempt(inside(namespace, [busybox, "wget", ...args]), { signal });
  if (code !== 0 && / 404 /.test(stderr)) {
    throw new LandfallError("no-boot-target", `no boot target for ${mac}`, {
      found: "404",
      expected: "a group that selects it",
    });
  }
  if (code !== 0)
    throw new LandfallError("boot-fetch", stderr.trim().slice(-200) || "no answer in time", {
      found: args.at(-1)!,
    });
  return stdout;
}

interface Lease {
  readonly ip: string;
  readonly hostname: string;
  readonly domain: string;
  readonly bootfile: string;
}

async function askDhcp(parts: FirmwareParts, signal: AbortSignal): Promise<Lease> {
  // Options 175 and 77 tell the server that iPXE asks, 93 that it is a BIOS.
  const options = [
    "-x",
    "0xaf:b10101",
    "-x",
    "0x4d:69505845",
    "-x",
    "0x5d:0000",
    "-O",
    "bootfile",
    "-O",
    "hostname",
  ];
  const argv = [
    parts.busybox,
    "udhcpc",
    "-f",
    "-q",
    "-n",
    "-t",
    "3",
    "-T",
    "1",
    "-A",
    "1",
    "-i",
    "eth0",
    "-s",
    script,
    ...options,
  ];
  const { code, stdout, stderr } = await attempt(inside(parts.namespace, argv), { signal });
  const lease = Object.fromEntries(
    stdout.split("\n").map((line) => line.split(/=(.*)/s).slice(0, 2)),
  ) as Partial<Lease>;
  if (code !== 0 || lease.ip === undefined) {
    throw new LandfallError("no-dhcp-answer", `no DHCP answer for ${parts.mac}`, {
      found: stderr.trim().slice(-200),
    });
  }
  if (lease.bootfile === undefined || lease.bootfile === "") {
    throw new LandfallError("no-boot-file", "the DHCP answer names no boot file", { found: lease.ip });
  }
  return {
    ip: lease.ip,
    hostname: lease.hostname ?? "",
    domain: lease.domain ?? "",
    bootfile: lease.bootfile,
  };
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const found = error instanceof LandfallError ? error.details.found : undefined;
  return found === undefined ? error.message : `${error.message} (${found})`;
}

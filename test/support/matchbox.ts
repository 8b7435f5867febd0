// The real Matchbox, or Landfall's boot service in its place, on loopback, with mutual TLS.
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout } from "node:timers/promises";
import { issueAuthority, issueCertificate } from "../../modules/pki/index.ts";
import { freePorts } from "./ports.ts";

export interface Matchbox {
  /** As http://127.0.0.1:PORT. */
  readonly http: string;
  /** HOST:PORT. */
  readonly rpc: string;
  /** Where it keeps profiles and groups. */
  readonly data: string;
  /** Of its client: ca.crt, client.crt, client.key. */
  readonly tls: string;
  readonly pid: number;
  readonly stop: () => Promise<void>;
  /** As a loss of power. */
  readonly kill: () => Promise<void>;
}

export interface Circumstances {
  /** A command that runs it in place of itself, as `setpriv --reuid=nobody`. */
  readonly under?: readonly string[];
  /** Beside the test's own. */
  readonly env?: Readonly<Record<string, string>>;
  /** File of what it writes. Default: nowhere. */
  readonly log?: string;
  /** Default: the data folder. */
  readonly assets?: string;
}

/** Landfall's own, by the flags that Matchbox has. */
export function startLandfallBoot(
  folder: string,
  flags: readonly string[] = [],
  circumstances: Circumstances = {},
): Promise<Matchbox> {
  const program = resolve(import.meta.dirname, "../../modules/cli/landfall.mjs");
  const command = [process.execPath, program, "boot", "serve", "-page-address=", ...flags];
  return start([...(circumstances.under ?? []), ...command], folder, circumstances);
}

/** Starts it in `folder`; its client's PEM files are `folder`/tls/{ca.crt,client.crt,client.key}. */
export function startMatchbox(
  program: string,
  folder: string,
  flags: readonly string[] = [],
  circumstances: Circumstances = {},
): Promise<Matchbox> {
  return start([...(circumstances.under ?? []), program, ...flags], folder, circumstances);
}

async function start(
  [program, ...argv]: readonly string[],
  folder: string,
  { env, log, assets }: Circumstances = {},
): Promise<Matchbox> {
  const tls = join(folder, "tls");
  const data = join(folder, "matchbox");
  for (const name of ["profiles", "groups", "ignition", "generic"])
    mkdirSync(join(data, name), { recursive: true });
  issueTls(tls);
  const [http, rpc] = await freePorts(2);
  const output = log === undefined ? "ignore" : openSync(log, "a");
  const child = spawn(
    program!,
    [
      ...argv,
      `-address=127.0.0.1:${http}`,
      `-rpc-address=127.0.0.1:${rpc}`,
      `-data-path=${data}`,
      `-assets-path=${assets ?? data}`,
      ...["ca", "cert", "key"].map(
        (kind) =>
          `-${kind}-file=${join(tls, kind === "ca" ? "ca.crt" : `server.${kind === "cert" ? "crt" : "key"}`)}`,
      ),
    ],
    { stdio: ["ignore", output, output], env: { ...process.env, ...env } },
  );
  if (output !== "ignore") closeSync(output);
  const url = `http://127.0.0.1:${http}`;
  await answering(url, child);
  return {
    http: url,
    rpc: `127.0.0.1:${rpc}`,
    data,
    tls,
    pid: child.pid!,
    stop: () => ended(child, "SIGTERM"),
    kill: () => ended(child, "SIGKILL"),
  };
}

function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => child.once("exit", () => resolve()).kill(signal));
}

/** An authority, a server of 127.0.0.1 and a client: ca, server and client, .crt and .key. */
export function issueTls(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const now = new Date();
  const authority = issueAuthority({ authority: "kubernetes", cluster: "test", now });
  writeFileSync(join(folder, "ca.crt"), authority.certificate);
  writeFileSync(join(folder, "ca.key"), authority.key, { mode: 0o600 }); // for certificates that are refused
  for (const usage of ["server", "client"] as const) {
    const { certificate, key } = issueCertificate({
      now,
      authority,
      request: {
        id: usage,
        machine: undefined,
        authority: "kubernetes",
        commonName: usage,
        organizations: [],
        dnsNames: [],
        addresses: ["127.0.0.1"],
        usages: [usage],
        target: undefined,
      },
    });
    writeFileSync(join(folder, `${usage}.crt`), certificate);
    writeFileSync(join(folder, `${usage}.key`), key, { mode: 0o600 });
  }
}

async function answering(url: string, child: ChildProcess): Promise<void> {
  for (;;) {
    if (child.exitCode !== null) throw new Error(`Matchbox ended with ${child.exitCode}`);
    try {
      await (await fetch(url)).body?.cancel();
      return;
    } catch {
      await setTimeout(20);
    }
  }
}

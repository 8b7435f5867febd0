// sushy-tools' Redfish emulator with its fake systems: their power takes 1 to 11 s to change, as its authors found it to
// be with hardware. It tells of each change by HTTP, so that what is true of a machine is known here.
import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { homedir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { issueAuthority, issueCertificate } from "../../pki/index.ts";
import { runCommand } from "../index.ts";
import { freeTcpPort } from "./world.ts";

const python = "/usr/bin/python3";
const requirements = join(import.meta.dirname, "sushy-tools.txt");
const cache = process.env.LANDFALL_CACHE ?? join(homedir(), ".cache", "landfall");

export interface SushyTools {
  /** Of the emulator, as https://127.0.0.1:PORT/redfish/v1/Systems. */
  readonly systems: string;
  /** Paths: of the authority of its certificate; SHA-256 of the certificate. */
  readonly tls: { readonly ca: string; readonly fingerprint: string };
  /** By name. */
  readonly machine: (name: string) => MachineTruth;
  readonly stop: () => Promise<void>;
}

export interface MachineTruth {
  on: boolean;
  networkOnce: boolean;
  starts: number;
  networkStarts: number;
  console: string;
}

/** Starts one in `folder` with a machine for each name, all off. `account` is user:password. */
export async function startSushyTools(
  folder: string,
  account: string,
  names: readonly string[],
): Promise<SushyTools> {
  const packages = await installed();
  const machines = new Map(names.map((name) => [name, newTruth()]));
  const listener = createServer((incoming, response) => {
    let text = "";
    incoming.on("data", (chunk) => {
      text += chunk;
    });
    incoming.on("end", () => {
      observe(machines, JSON.parse(text));
      response.end();
    });
  });
  await once(listener.listen(0, "127.0.0.1"), "listening");
  const port = await freeTcpPort();
  const tls = issueTls(folder);
  const at = (name: string) => join(folder, name);
  mkdirSync(at("state"));
  const env = { PYTHONPATH: packages, PYTHONDONTWRITEBYTECODE: "1" };
  writeFileSync(at("account"), await hashed(account, packages), { mode: 0o600 });
  const systems = names.map((name) => ({
    uuid: uuidOf(name),
    name,
    power_state: "Off",
    external_notifier: true,
    nics: [],
  }));
  // Python: what JSON.stringify writes of these is the same in both, but for true.
  writeFileSync(
    at("emulator.conf"),
    `SUSHY_EMULATOR_FAKE_DRIVER = True
SUSHY_EMULATOR_FAKE_SYSTEMS = ${JSON.stringify(systems).replaceAll(":true", ":True")}
SUSHY_EMULATOR_STATE_DIR = ${JSON.stringify(at("state"))}
SUSHY_EMULATOR_AUTH_FILE = ${JSON.stringify(at("account"))}
SUSHY_EMULATOR_LISTEN_IP = "127.0.0.1"
SUSHY_EMULATOR_LISTEN_PORT = ${port}
SUSHY_EMULATOR_SSL_CERT = ${JSON.stringify(tls.cert)}
SUSHY_EMULATOR_SSL_KEY = ${JSON.stringify(tls.key)}
EXTERNAL_NOTIFICATION_URL = "http://127.0.0.1:${(listener.address() as AddressInfo).port}/"
`,
  );
  const child = spawn(
    python,
    ["-c", "from sushy_tools.emulator.main import main; main()", "--config", at("emulator.conf")],
    { env, stdio: "ignore" },
  );
  await answering(port, child);
  return {
    systems: `https://127.0.0.1:${port}/redfish/v1/Systems`,
    tls: { ca: tls.ca, fingerprint: tls.fingerprint },
    machine: (name) => machines.get(name) ?? newTruth(),
    stop: async () => {
      listener.close();
      listener.closeAllConnections();
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill("SIGKILL");
      await once(child, "exit");
    },
  };
}

export function uuidOf(name: string): string {
  const hex = createHash("sha256").update(name).digest("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

function newTruth(): MachineTruth {
  return { on: false, networkOnce: false, starts: 0, networkStarts: 0, console: "" };
}

interface FakeSystem {
  readonly name: string;
  readonly power_state: string;
  readonly boot_device?: string;
}

/** The emulator's fake machines do not boot: an order for a boot is never used up. */
function observe(machines: ReadonlyMap<string, MachineTruth>, system: FakeSystem): void {
  const machine = machines.get(system.name);
  if (machine === undefined) return;
  const on = system.power_state === "On";
  machine.networkOnce = system.boot_device === "Pxe";
  if (on && !machine.on) {
    machine.starts += 1;
    if (machine.networkOnce) machine.networkStarts += 1;
  }
  machine.on = on;
}

/** The folder with the pinned packages; installed when it is not there. */
async function installed(): Promise<string> {
  const pinned = createHash("sha256").update(readFileSync(requirements)).digest("hex").slice(0, 16);
  const folder = join(cache, "python", `sushy-tools-${pinned}`);
  if (existsSync(folder)) return folder;
  const draft = `${folder}.${process.pid}.tmp`;
  try {
    await runCommand([
      ...[
        python,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--root-user-action",
        "ignore",
      ],
      ...["--require-hashes", "--no-deps", "--only-binary", ":all:", "--target", draft, "-r", requirements],
    ]);
    if (!existsSync(folder)) renameSync(draft, folder);
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
  return folder;
}

/** A line of its password file; bcrypt is the only digest that it knows. */
async function hashed(account: string, packages: string): Promise<string> {
  const program = `import sys; sys.path.insert(0, ${JSON.stringify(packages)}); import bcrypt
user, password = sys.stdin.read().strip().split(":", 1)
print(user + ":" + bcrypt.hashpw(password.encode(), bcrypt.gensalt(4)).decode())`;
  return runCommand([python, "-c", program], { input: account });
}

function issueTls(folder: string) {
  const now = new Date();
  const authority = issueAuthority({ authority: "kubernetes", cluster: "bmc", now });
  const { certificate, key } = issueCertificate({
    now,
    authority,
    request: {
      id: "bmc",
      machine: undefined,
      authority: "kubernetes",
      commonName: "bmc",
      organizations: [],
      dnsNames: [],
      addresses: ["127.0.0.1"],
      usages: ["server"],
      target: undefined,
    },
  });
  const paths = { ca: join(folder, "ca.crt"), cert: join(folder, "bmc.crt"), key: join(folder, "bmc.key") };
  writeFileSync(paths.ca, authority.certificate);
  writeFileSync(paths.cert, certificate);
  writeFileSync(paths.key, key, { mode: 0o600 });
  const der = Buffer.from(certificate.replaceAll(/-----[A-Z ]+-----|\s/g, ""), "base64");
  return { ...paths, fingerprint: createHash("sha256").update(der).digest("hex") };
}

async function answering(port: number, child: ChildProcess): Promise<void> {
  for (const deadline = performance.now() + 60_000; ; ) {
    if (child.exitCode !== null) throw new Error(`sushy-tools' emulator ended with ${child.exitCode}`);
    try {
      await runCommand(["curl", "--silent", "--insecure", "--fail", `https://127.0.0.1:${port}/redfish/v1`]);
      return;
    } catch (cause) {
      if (performance.now() > deadline) throw new Error("sushy-tools' emulator does not answer", { cause });
      await setTimeout(200);
    }
  }
}

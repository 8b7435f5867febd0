// What a lab is told: everything else follows from the site.
import { dirname, join, resolve } from "node:path";
import type { Machine, Site } from "../spec/index.ts";
import { defaults, LandfallError } from "../spec/index.ts";
import type { BmcFaults } from "./bmc-faults.ts";

/** Where the lab finds the programs and firmware that it does not build itself. Absolute paths. */
export interface LabTools {
  /** For a site whose boot service is Matchbox. */
  readonly matchbox: string;
  /** Landfall's own boot service: the program and its first arguments, to which flags are added. */
  readonly bootService: readonly string[];
  /** Default: `/usr/sbin/nginx`. */
  readonly nginx?: string;
  /** Default: `/usr/sbin/dnsmasq`. */
  readonly dnsmasq?: string;
  /** Static busybox that plays the machine's DHCP client. Default: `/usr/bin/busybox`. */
  readonly busybox?: string;
  /** Folder with undionly.kpxe and snponly.efi. Default: `/usr/lib/ipxe`. */
  readonly ipxe?: string;
  /** Folder with OVMF_CODE_4M.fd and OVMF_VARS_4M.fd. Default: `/usr/share/OVMF`. */
  readonly ovmf?: string;
  /** Default: `/usr/bin/qemu-system-x86_64`. */
  readonly qemu?: string;
}

/** JSON-safe: the daemon reads it from a file. */
export interface LabConfig {
  readonly site: Site;
  /** Absolute path of the site's file: paths in the site are relative to it. */
  readonly siteFile: string;
  /** Absolute path of the lab's own folder, as `.landfall/lab/<site>`. `down` removes it. */
  readonly stateDir: string;
  /** Absolute path of a folder, on a real disk, for verified assets; it outlives the lab and may be shared. */
  readonly cacheDir: string;
  readonly tools: LabTools;
}

/** Network boot and addresses as the lab plays them: checked, so that the rest need not ask again. */
export interface LabPlan {
  readonly site: string;
  readonly cidr: string;
  readonly prefix: number;
  readonly gateway: string;
  readonly dns: readonly string[];
  readonly http: { readonly host: string; readonly port: number; readonly url: string };
  readonly rpc: { readonly host: string; readonly port: number };
  readonly bootService: "landfall" | "matchbox";
  /** The page of Landfall's boot service; undefined: none. */
  readonly page: { readonly host: string; readonly port: number } | undefined;
  /** Where nginx serves the assets; undefined: the boot service does. */
  readonly nginx: { readonly host: string; readonly port: number } | undefined;
  /** Seconds; what the site sets of them. */
  readonly softTimeouts: Site["boot"]["softTimeouts"];
  /** Undefined: no way from the host to the machines. */
  readonly proxy: { readonly host: string; readonly port: number } | undefined;
  readonly tls: { readonly ca: string; readonly cert: string; readonly key: string };
  readonly assets: string;
  readonly machines: readonly LabMachine[];
  /** Undefined: its BMCs do as they are told. */
  readonly bmcFaults: BmcFaults | undefined;
}

export interface LabMachine {
  readonly name: string;
  readonly kind: "nspawn" | "qemu";
  /** MiB; qemu only. */
  readonly memory: number;
  readonly firmware: "bios" | "uefi";
  /** Lower case, joined with ':'. */
  readonly mac: string;
  readonly address: string;
  readonly bmc: { readonly host: string; readonly port: number; readonly path: string };
  /** Absolute path of the file with `user:password`, or undefined for a BMC that asks for none. */
  readonly credentialsFile: string | undefined;
  readonly disk: string | undefined;
}

/**
 * Reads what a lab needs off its configuration.
 * @throws LandfallError `lab-site-unsuitable`: the site cannot be played on 127.0.0.1 by one lab.
 */
export function planLab(config: LabConfig): LabPlan {
  const { site } = config;
  const at = (path: string) => resolve(dirname(config.siteFile), path);
  const own = (path: string, what: string): string => {
    const absolute = at(path);
    if (!absolute.startsWith(`${config.stateDir}/`)) {
      throw unsuitable(
        `${what} is outside the lab's folder, and the lab would write it`,
        absolute,
        `a path below ${config.stateDir}`,
      );
    }
    return absolute;
  };
  const network = site.networks[0];
  if (site.networks.length !== 1 || network === undefined) {
    throw unsuitable("the lab plays one network", `${site.networks.length} networks`, "one network");
  }
  if (network.cidr.includes(":") || network.gateway === undefined) {
    throw unsuitable(
      "the lab's network needs an IPv4 range and a gateway",
      network.cidr,
      "10.77.0.0/24 with gateway 10.77.0.1",
    );
  }
  const http = new URL(site.boot.http);
  if (http.protocol !== "http:" || http.hostname !== network.gateway) {
    throw unsuitable(
      "the lab serves boot.http on its gateway",
      site.boot.http,
      `http://${network.gateway}:PORT`,
    );
  }
  const prefix = Number(network.cidr.split("/")[1]);
  const assets = site.boot.assetsUrl === undefined ? undefined : new URL(site.boot.assetsUrl);
  if (assets !== undefined && (assets.protocol !== "http:" || assets.hostname !== network.gateway)) {
    throw unsuitable(
      "the lab serves boot.assetsUrl on its gateway",
      assets.origin,
      `http://${network.gateway}:PORT`,
    );
  }
  return {
    site: site.name,
    cidr: network.cidr,
    prefix,
    gateway: network.gateway,
    dns: network.dns ?? [],
    http: { host: network.gateway, port: Number(http.port || 80), url: site.boot.http.replace(/\/$/, "") },
    rpc: loopback(site.boot.rpc, "boot.rpc"),
    bootService: site.boot.service,
    nginx: assets && { host: network.gateway, port: Number(assets.port || 80) },
    page: site.boot.page === undefined ? undefined : loopback(new URL(site.boot.page).host, "boot.page"),
    softTimeouts: site.boot.softTimeouts,
    proxy:
      site.access?.proxy === undefined
        ? undefined
        : loopback(new URL(site.access.proxy).host, "access.proxy"),
    tls: {
      ca: own(site.boot.tls.ca, "boot.tls.ca"),
      cert: own(site.boot.tls.cert, "boot.tls.cert"),
      key: own(site.boot.tls.key, "boot.tls.key"),
    },
    assets: at(site.boot.assets),
    machines: site.machines.map((machine) => planMachine(machine, site, own)),
    bmcFaults: planFaults(site),
  };
}

function planFaults({ lab }: Site): BmcFaults | undefined {
  if (lab?.bmcFaults === undefined) return undefined;
  const { errors, lies, seed } = lab.bmcFaults;
  return {
    errors: errors ?? defaults.labBmcErrors,
    lies: lies ?? defaults.labBmcLies,
    seed: seed ?? defaults.labBmcSeed,
  };
}

function planMachine(machine: Machine, site: Site, own: (path: string, what: string) => string): LabMachine {
  const lab = site.lab?.machines?.find(({ name }) => name === machine.name);
  const { bmc } = machine;
  if (bmc.driver !== "redfish") {
    throw unsuitable(`machine ${machine.name}: the lab's BMCs speak Redfish`, bmc.driver, "redfish");
  }
  const url = new URL(bmc.url);
  const { credentials } = bmc;
  if (credentials !== undefined && credentials.file === undefined) {
    throw unsuitable(
      `machine ${machine.name}: the lab makes its BMCs' credentials`,
      "env or command",
      "credentials.file",
    );
  }
  if (machine.name === "sw") throw unsuitable("the name is the lab's switch", "sw", "another machine name");
  return {
    name: machine.name,
    kind: lab?.kind ?? "nspawn",
    memory: lab?.memory ?? 2048,
    firmware: lab?.firmware ?? "bios",
    mac: machine.mac.toLowerCase().replaceAll("-", ":"),
    address: machine.address,
    bmc: { ...loopback(url.host, `machine ${machine.name}: bmc.url`), path: url.pathname.replace(/\/$/, "") },
    credentialsFile:
      credentials?.file === undefined ? undefined : own(credentials.file, "bmc.credentials.file"),
    disk: machine.disk,
  };
}

/** Splits HOST:PORT and refuses what would listen where others could reach it. */
function loopback(text: string, what: string): { host: string; port: number } {
  const [host, port] = [text.slice(0, text.lastIndexOf(":")), Number(text.slice(text.lastIndexOf(":") + 1))];
  if (
    !(host === "localhost" || /^127(\.\d+){3}$/.test(host)) ||
    !Number.isInteger(port) ||
    port < 1 ||
    port > 65535
  ) {
    throw unsuitable(`${what} must be on this computer's loopback`, text, "127.0.0.1:PORT");
  }
  return { host: host === "localhost" ? "127.0.0.1" : host, port };
}

function unsuitable(message: string, found: string, expected: string): LandfallError {
  return new LandfallError("lab-site-unsuitable", message, { found, expected, next: "edit the site's file" });
}

/** Files of a lab, all below `stateDir`. */
export function labFiles(stateDir: string) {
  return {
    config: join(stateDir, "lab.json"),
    pid: join(stateDir, "daemon.pid"),
    log: join(stateDir, "daemon.log"),
    events: join(stateDir, "events.jsonl"),
    logs: join(stateDir, "logs"),
    tls: join(stateDir, "tls"),
    tftp: join(stateDir, "tftp"),
    dnsmasq: join(stateDir, "dnsmasq.conf"),
    leases: join(stateDir, "dnsmasq.leases"),
    matchbox: join(stateDir, "matchbox"),
    nginx: join(stateDir, "nginx"),
    mounts: join(stateDir, "mnt"),
    machines: join(stateDir, "machines"),
    machine: (name: string) => {
      const folder = join(stateDir, "machines", name);
      return {
        folder,
        console: join(folder, "console.log"),
        disk: join(folder, "disk"),
        boot: join(folder, "boot"),
      };
    },
  };
}
export type LabFiles = ReturnType<typeof labFiles>;

// A rack without a cluster: a site of a few machines, and a profile that boots them into a trivial system.
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { localLoader } from "../../../modules/boot/index.ts";
import { type LabConfig, labFiles } from "../../../modules/lab/index.ts";
import {
  buildRelease,
  buildTool,
  publishRelease,
  type Release,
  runProcess,
} from "../../../modules/release/index.ts";
import { siteSchema } from "../../../modules/spec/index.ts";

export const cacheDir = process.env.LANDFALL_CACHE ?? join(homedir(), ".cache", "landfall");
const build = { cacheDir, run: runProcess };
const landfall = join(import.meta.dirname, "../../../modules/cli/landfall.mjs");
export const smallLanding = { cluster: "small-v1", generation: "0123456789abcdef" };

export interface SmallRackOptions {
  readonly name: string;
  /** Default: matchbox. */
  readonly service?: "landfall" | "matchbox";
  /** Second byte of its network, and the base of its ports. */
  readonly number: number;
  readonly machines: readonly {
    readonly name: string;
    readonly kind?: "nspawn" | "qemu";
    readonly firmware?: "bios" | "uefi";
  }[];
}

export interface SmallRack {
  readonly config: LabConfig;
  readonly release: Release;
  readonly folder: string;
  readonly http: string;
  /** Ports on 127.0.0.1. */
  readonly ports: {
    readonly bmc: number;
    readonly http: number;
    readonly rpc: number;
    readonly proxy: number;
  };
  readonly mac: (machine: string) => string;
}

/** Builds what is missing (nothing, in a warm cache), and lays out the rack's folder; starts nothing. */
export async function smallRack({
  name,
  number,
  machines,
  service = "matchbox",
}: SmallRackOptions): Promise<SmallRack> {
  const folder = mkdtempSync(join(tmpdir(), `landfall-${name}-`));
  const stateDir = join(folder, "lab");
  const base = 29000 + number * 10;
  const ports = { bmc: base, http: base + 1, rpc: base + 2, proxy: base + 3 };
  const gateway = `10.${number}.0.1`;
  const http = `http://${gateway}:${ports.http}`;
  const mac = (machine: string) =>
    `52:54:00:${number.toString(16)}:00:0${machines.findIndex((each) => each.name === machine)}`;
  const site = siteSchema.parse({
    name,
    networks: [{ name: "rack", cidr: `10.${number}.0.0/24`, gateway, dns: [gateway] }],
    boot: {
      service,
      http,
      rpc: `127.0.0.1:${ports.rpc}`,
      tls: { ca: "lab/tls/ca.crt", cert: "lab/tls/client.crt", key: "lab/tls/client.key" },
      assets: "assets",
    },
    access: { proxy: `http://127.0.0.1:${ports.proxy}` },
    machines: machines.map((machine, index) => ({
      name: machine.name,
      mac: mac(machine.name),
      address: `10.${number}.0.${10 + index}`,
      disk: "/dev/vda",
      bmc: {
        driver: "redfish",
        url: `http://127.0.0.1:${ports.bmc}/redfish/v1/Systems/${machine.name}`,
        credentials: { file: "lab/bmc-credentials" },
      },
    })),
    lab: { machines: machines.map((machine) => ({ memory: 1536, ...machine })) },
  });
  const [release, matchbox] = await Promise.all([
    buildRelease({ ...build, kubernetes: "1.34.1" }),
    buildTool("matchbox", build),
  ]);
  await publishRelease(release, cacheDir, join(folder, "assets"), localLoader);
  const config = {
    site,
    siteFile: join(folder, "site.yaml"),
    stateDir,
    cacheDir: join(cacheDir, "lab"),
    tools: { matchbox, bootService: [process.execPath, landfall, "boot", "serve"] },
  };
  return { config, release, folder, http, ports, mac };
}

/**
 * Puts the profile into the boot service's store, and a group for each of the machines.
 * @param disk null: all in memory
 */
export function writeProfile(
  rack: SmallRack,
  machines: readonly string[],
  disk: string | null = "/dev/vda",
): void {
  const { release, http } = rack;
  const url = (kind: keyof Release["files"]) =>
    `${http}/assets/${release.files[kind].sha256}/${release.files[kind].name}`;
  const asset = (name: string, kind: keyof Release["files"]) => [
    `landfall.${name}=${url(kind)}`,
    `landfall.${name}.sha256=${release.files[kind].sha256}`,
  ];
  const store = labFiles(rack.config.stateDir).matchbox;
  const put = (path: string, value: unknown) => {
    mkdirSync(dirname(join(store, path)), { recursive: true });
    writeFileSync(join(store, path), JSON.stringify(value));
  };
  put("profiles/small.json", {
    id: "small",
    ignition_id: "small.ign",
    boot: {
      kernel: url("kernel"),
      initrd: [url("initrd")],
      args: [
        "initrd=initrd",
        "console=ttyS0",
        "ignition.firstboot",
        "ignition.platform.id=metal",
        `ignition.config.url=${http}/ignition?mac=\${mac:hexhyp}`,
        ...asset("root", "root"),
        ...asset("kubernetes", "kubernetes"),
        ...asset("kernel", "kernel"),
        ...asset("ramdisk", "initrd"),
        `landfall.cluster=${smallLanding.cluster}`,
        `landfall.generation=${smallLanding.generation}`,
        ...(disk === null ? [] : [`landfall.disk=${disk}`]),
      ],
    },
  });
  put("ignition/small.ign", {
    ignition: { version: "3.4.0" },
    storage: { files: [{ path: "/etc/touched", contents: { source: "data:,by%20Ignition" } }] },
    systemd: { units: [{ name: "say-hello.service", enabled: true, contents: sayHello }] },
  });
  for (const machine of machines) {
    const id = rack.mac(machine).replaceAll(":", "");
    put(`groups/${id}.json`, { id, profile: "small", selector: { mac: rack.mac(machine) } });
  }
}

const sayHello = `[Unit]
After=network.target
[Service]
Type=oneshot
ExecStart=/bin/sh -c 'echo; echo landfall: stage hello; echo "touched $(cat /etc/touched)"'
StandardOutput=tty
TTYPath=/dev/console
[Install]
WantedBy=multi-user.target
`;

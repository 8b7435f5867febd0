// A project of its own for each rack: the example's files with other names, ports and machines.
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import type { ReplacementSpec } from "../../../modules/spec/index.ts";

export const repository = join(import.meta.dirname, "../../..");

/** A file that a cluster's file puts on the machines of a pool. */
export interface MachineFile {
  path: string;
  contents: string;
  mode?: number;
}

/** A cluster as its file says it; the rest is the example's. */
export interface ClusterFile {
  name: string;
  version: string;
  site: string;
  kubernetes: string;
  endpoint: { address: string };
  masters: { machines: string[] };
  pools: { name: string; machines: string[]; files?: MachineFile[] }[];
  /** Seconds. */
  timeouts: { boot: number; ready: number };
  retire?: { disks: "keep" | "wipe" };
  network?: { addresses: { address: string; service: string }[] };
  replacement?: ReplacementSpec;
}

export interface ClusterOptions {
  readonly masters: readonly string[];
  readonly workers: readonly string[];
  /** Name of the workers' pool. Default: workers. */
  readonly pool?: string;
  /** Last number of the endpoint's address in 10.77.0.0/24. Default: 10. */
  readonly endpoint?: number;
  /** Seconds. Default: the example's. */
  readonly timeouts?: { readonly boot: number; readonly ready: number };
}

export interface ProjectOptions {
  /** Site, folder and lab are called so: a DNS label. */
  readonly name: string;
  /** All machines of the rack; those of no cluster stay off. */
  readonly machines: readonly string[];
  /** Those of them that are whole virtual machines: UEFI firmware, no disk. Default: none. */
  readonly qemu?: readonly string[];
  /** Those of the others that have no disk, and run from memory. Default: none. */
  readonly diskless?: readonly string[];
  /** Default: landfall. */
  readonly service?: "landfall" | "matchbox";
  /** Who serves kernels and images. Default: the boot service. */
  readonly assets?: "nginx";
  /** By NAME-VERSION. */
  readonly clusters: Readonly<Record<string, ClusterOptions>>;
}

export interface Project {
  readonly name: string;
  readonly root: string;
  /** The lab's own folder. */
  readonly lab: string;
  /** On 127.0.0.1. */
  readonly ports: {
    readonly http: number;
    readonly rpc: number;
    readonly proxy: number;
    readonly bmc: number;
    readonly page: number;
    readonly assets: number;
  };
  readonly machines: readonly { readonly name: string; readonly mac: string; readonly address: string }[];
}

/** Writes the project's folder anew. */
export function writeProject({
  name,
  machines,
  qemu = [],
  diskless = [],
  service = "landfall",
  assets,
  clusters,
}: ProjectOptions): Project {
  const root = join(repository, ".landfall", "test", name);
  rmSync(root, { recursive: true, force: true });
  mkdirSync(join(root, "clusters"), { recursive: true });
  const cdktf = JSON.parse(readFileSync(join(repository, "cdktf.json"), "utf8"));
  writeFileSync(join(root, "cdktf.json"), JSON.stringify({ ...cdktf, app: "node ../../../main.ts" }));

  const base = basePort(name);
  const ports = {
    http: base,
    rpc: base + 1,
    proxy: base + 2,
    bmc: base + 3,
    page: base + 4,
    assets: base + 5,
  };
  const rack = machines.map((machine, index) => ({
    name: machine,
    mac: `52:54:00:77:01:${(index + 1).toString(16).padStart(2, "0")}`,
    address: `10.77.0.${21 + index}`,
  }));
  const example = readFileSync(join(repository, "clusters/site.yaml"), "utf8");
  const site = parse(example.replaceAll("../.landfall/lab/lab/", `../.landfall/lab/${name}/`));
  // These stand nowhere in particular.
  const { rack: _, position: __, ...pattern } = site.machines[0];
  site.name = name;
  site.boot.http = `http://10.77.0.1:${ports.http}`;
  site.boot.rpc = `127.0.0.1:${ports.rpc}`;
  site.boot.service = service;
  if (assets === "nginx") site.boot.assetsUrl = `http://10.77.0.1:${ports.assets}`;
  site.boot.page = `http://127.0.0.1:${ports.page}`;
  site.access.proxy = `http://127.0.0.1:${ports.proxy}`;
  site.machines = rack.map((machine) => {
    const url = `http://127.0.0.1:${ports.bmc}/redfish/v1/Systems/${machine.name}`;
    const own = { ...pattern, ...machine, bmc: { ...pattern.bmc, url } };
    if ([...qemu, ...diskless].includes(machine.name)) delete own.disk;
    return own;
  });
  site.lab = {
    machines: qemu.map((machine) => ({ name: machine, kind: "qemu", firmware: "uefi", memory: 2048 })),
  };
  writeFileSync(join(root, "clusters/site.yaml"), stringify(site));
  for (const [id, options] of Object.entries(clusters)) writeCluster(root, id, options);
  return { name, root, lab: join(root, ".landfall/lab", name), ports, machines: rack };
}

/** Writes a cluster's file; its id is NAME-VERSION. */
export function writeCluster(
  root: string,
  id: string,
  { masters, workers, pool = "workers", endpoint, timeouts }: ClusterOptions,
): void {
  const cluster: ClusterFile = parse(readFileSync(join(repository, "clusters/lab-v1.yaml"), "utf8"));
  const cut = id.lastIndexOf("-");
  cluster.name = id.slice(0, cut);
  cluster.version = id.slice(cut + 1);
  cluster.endpoint.address = `10.77.0.${endpoint ?? 10}`;
  cluster.masters.machines = [...masters];
  cluster.pools = [{ name: pool, machines: [...workers] }];
  if (timeouts !== undefined) cluster.timeouts = { ...timeouts };
  writeFileSync(clusterFile(root, id), stringify(cluster));
}

/** Changes a cluster's file as a person would. */
export function editCluster(root: string, id: string, edit: (cluster: ClusterFile) => void): void {
  const cluster: ClusterFile = parse(readFileSync(clusterFile(root, id), "utf8"));
  edit(cluster);
  writeFileSync(clusterFile(root, id), stringify(cluster));
}

function clusterFile(root: string, id: string): string {
  return join(root, "clusters", `${id}.yaml`);
}

/** Below the ephemeral ports, ten for each name. */
function basePort(name: string): number {
  return 20_000 + (createHash("sha256").update(name).digest().readUInt16BE() % 1200) * 10;
}

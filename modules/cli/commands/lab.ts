import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { count } from "../../boot/index.ts";
import { getJson } from "../../kubernetes/index.ts";
import {
  controlClient,
  type LabConfig,
  type LabUsage,
  labFiles,
  labNames,
  readEvents,
  startLab,
  stopLab,
} from "../../lab/index.ts";
import { LandfallError } from "../../spec/error.ts";
import { forgetClaims } from "../claims.ts";
import { clusterApi } from "../cluster-api.ts";
import { landingReport, reportRows } from "../landing-report.ts";
import type { Invocation } from "../main.ts";
import { printJson, table } from "../output.ts";
import { planAll, planOf, siteNamed } from "../project.ts";
import { tools } from "../releases.ts";
import { readRun } from "../run-record.ts";
import { setUp } from "../setup.ts";
import { forgetState } from "../state-database.ts";
import { retireCluster } from "../steps/retire.ts";
import { forgetJournals } from "../upgrade/journal-file.ts";
import type { Workspace } from "../workspace.ts";
import { deployCommand } from "./deploy.ts";

export interface LabOptions {
  /** The site's name. */
  readonly site: string;
  readonly cluster: string;
}

/** Everything from a fresh clone to a landed cluster, and what to do with it. */
export async function labCommand(invocation: Invocation, { site, cluster }: LabOptions): Promise<undefined> {
  const { workspace, signal } = invocation;
  await setUp(workspace, { kubernetes: [planOf(workspace, cluster).kubernetes], signal });
  await labUpCommand(invocation, { site });
  await deployCommand(invocation, cluster);
  if (!invocation.json) process.stdout.write(await landed(workspace, site, cluster));
}

export async function labSetupCommand(
  { workspace, signal }: Invocation,
  { tests }: { readonly tests?: boolean },
): Promise<undefined> {
  const kubernetes = [...new Set(planAll(workspace).map((plan) => plan.kubernetes))];
  await setUp(workspace, { kubernetes, ...(tests && { tests }), signal });
}

export async function labUpCommand(
  invocation: Invocation,
  { site }: Pick<LabOptions, "site">,
): Promise<undefined> {
  const { started } = await startLab(labConfig(invocation.workspace, site));
  if (!invocation.json) process.stderr.write(`The lab ${site} ${started ? "is up" : "was up already"}\n`);
}

export async function labDownCommand(
  { workspace, json }: Invocation,
  { site }: Pick<LabOptions, "site">,
): Promise<undefined> {
  const { stateDir, site: written } = labPlace(workspace, site);
  const report = await stopLab({ site: written, stateDir });
  // Its disks are gone, and what was deployed on them: kept on record, machines would count as in service.
  for (const { cluster, name, state } of planAll(workspace).filter((plan) => plan.site === site)) {
    retireCluster(workspace, cluster);
    forgetJournals(workspace, name);
    await forgetState(workspace, cluster, state);
  }
  forgetClaims(workspace, site);
  if (json) return printJson(report);
  const { processes, namespaces, mounts } = report;
  process.stdout.write(
    `The lab ${site} is down: ${count(processes, "process", "processes")}, ${count(namespaces.length, "namespace")}, ${count(mounts, "mount")} removed; nothing is left\n`,
  );
}

export async function labStatusCommand(
  { json }: Invocation,
  { site }: Pick<LabOptions, "site">,
): Promise<undefined> {
  const lab = controlClient(labNames(site).socket);
  const [status, usage] = await Promise.all([lab.status(), lab.usage()]);
  if (json) return printJson({ ...status, usage });
  const rows = status.machines.map(({ name, kind, power, dead }) => {
    const used = usage[name];
    return [name, kind, dead ? `${power} (dead)` : power, used ? mebibytes(used.memory) : "-"];
  });
  const { bmcFaults: faults } = status;
  const fallen =
    faults === undefined
      ? ""
      : `; BMCs: of ${faults.calls} calls, ${faults.failed} failed, ${faults.lied} were lies`;
  const services = Object.entries(status.services).map(([name, state]) => `${name} ${state}`);
  process.stdout.write(
    `${services.join(", ")}${fallen}\n\n${table([["MACHINE", "KIND", "POWER", "MEMORY"], ...rows])}\n`,
  );
}

export async function labCutCommand(
  _: Invocation,
  machines: readonly string[],
  { site }: Pick<LabOptions, "site">,
): Promise<undefined> {
  await controlClient(labNames(site).socket).cutPower(machines);
  process.stdout.write(`${machines.join(", ")}: power cut\n`);
}

export interface FaultOptions {
  readonly site: string;
  readonly errors: string;
  readonly lies: string;
  readonly seed: string;
}

export async function labFaultsCommand(
  _: Invocation,
  action: string,
  { site, ...written }: FaultOptions,
): Promise<undefined> {
  const faults = {
    errors: share("errors", written.errors),
    lies: share("lies", written.lies),
    seed: Number.parseInt(written.seed, 10) || 0,
  };
  await controlClient(labNames(site).socket).setBmcFaults(action === "on" ? faults : undefined);
  process.stdout.write(
    action === "on"
      ? `Of calls to BMCs, ${faults.errors} fail, and ${faults.lies} of changes are lies\n`
      : "BMCs do as they are told\n",
  );
}

function share(name: string, text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && value >= 0 && value <= 1) return value;
  throw new LandfallError("usage", `--${name} is a share of calls`, {
    found: text,
    expected: "a number from 0 to 1",
  });
}

const services = ["dhcp", "boot", "relay"] as const;

export async function labServiceCommand(
  _: Invocation,
  action: string,
  name: string,
  { site }: Pick<LabOptions, "site">,
): Promise<undefined> {
  const service = services.find((each) => each === name);
  if (service === undefined) {
    throw new LandfallError("usage", `the lab has no service ${name}`, { expected: services.join(", ") });
  }
  const lab = controlClient(labNames(site).socket);
  await (action === "stop" ? lab.stopService(service) : lab.startService(service));
  process.stdout.write(`${service}: ${action === "stop" ? "stopped" : "running"}\n`);
}

function labPlace(workspace: Workspace, name: string) {
  const { site, file } = siteNamed(workspace, name);
  return { site, siteFile: file, stateDir: join(workspace.root, ".landfall", "lab", site.name) };
}

function labConfig(workspace: Workspace, name: string): LabConfig {
  return {
    ...labPlace(workspace, name),
    cacheDir: join(workspace.cache, "lab"),
    tools: {
      matchbox: tools(workspace).matchbox,
      bootService: [process.execPath, join(import.meta.dirname, "../landfall.mjs"), "boot", "serve"],
    },
  };
}

async function landed(workspace: Workspace, site: string, cluster: string): Promise<string> {
  const { stateDir } = labPlace(workspace, site);
  const { plan } = readRun(workspace, cluster);
  const report = landingReport(
    readEvents(labFiles(stateDir).events),
    plan.machines.map(({ name }) => name),
  );
  const { critical } = report;
  const worker = plan.machines.find(({ role }) => role === "worker")?.name ?? "w1";
  const masters = plan.machines.filter(({ role }) => role === "master").map(({ name }) => name);
  const next = [
    ["look around", `npx landfall kubectl ${cluster} -- get pods -A -o wide`],
    [
      "add a worker",
      `edit clusters/${cluster}.yaml: add w3 to the workers`,
      `npx landfall deploy ${cluster}`,
    ],
    [
      "cut the power of all masters at once, and see it come back",
      `npx landfall power cycle ${masters.join(" ")}`,
      `npx landfall status ${cluster} --watch`,
    ],
    ["lose a worker", `npx landfall power off ${worker}`, `npx landfall status ${cluster}`],
    [
      "replace it by its next version",
      `cp clusters/examples/lab-v2.yaml clusters/`,
      `npx landfall upgrade lab --to v2 --dry-run`,
    ],
    ["retire the cluster", `npx landfall destroy ${cluster}`],
    ["leave nothing behind", "npm run lab -- down"],
  ];
  return [
    "",
    await nodes(workspace, cluster),
    "",
    "Seconds in each stage:",
    table(reportRows(report)),
    critical
      ? `Critical path: ${critical.machine}, longest in ${critical.stage} (${critical.seconds.toFixed(1)} s)`
      : "",
    await cost(site),
    "",
    "Next:",
    ...next.flatMap(([what, ...commands]) => [`  ${what}`, ...commands.map((each) => `    ${each}`)]),
    "",
  ].join("\n");
}

interface NodeList {
  readonly items: readonly {
    readonly metadata: { readonly name: string };
    readonly status: {
      readonly conditions: readonly { readonly type: string; readonly status: string }[];
      readonly addresses: readonly { readonly type: string; readonly address: string }[];
      readonly nodeInfo: {
        readonly kubeletVersion: string;
        readonly kernelVersion: string;
        readonly containerRuntimeVersion: string;
      };
    };
  }[];
}

async function nodes(workspace: Workspace, cluster: string): Promise<string> {
  const api = clusterApi(workspace, readRun(workspace, cluster).plan);
  try {
    const { value } = await getJson<NodeList>(api, "/api/v1/nodes");
    const rows = value.items.map(({ metadata, status }) => [
      metadata.name,
      status.conditions.find(({ type }) => type === "Ready")?.status === "True" ? "Ready" : "NotReady",
      status.addresses.find(({ type }) => type === "InternalIP")?.address ?? "",
      status.nodeInfo.kubeletVersion,
      status.nodeInfo.containerRuntimeVersion,
    ]);
    return table([["NODE", "STATUS", "ADDRESS", "VERSION", "RUNTIME"], ...rows]);
  } finally {
    await api.close();
  }
}

const sampleSeconds = 2;

async function cost(site: string): Promise<string> {
  const lab = controlClient(labNames(site).socket);
  const before = total(await lab.usage());
  await setTimeout(sampleSeconds * 1000);
  const after = total(await lab.usage());
  const cores = (after.cpu - before.cpu) / sampleSeconds;
  return `The lab uses ${mebibytes(after.memory)} of memory, and ${cores.toFixed(2)} cores just now`;
}

function total(usage: LabUsage): { memory: number; cpu: number } {
  const parts = Object.values(usage);
  return {
    memory: parts.reduce((sum, { memory }) => sum + memory, 0),
    cpu: parts.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0),
  };
}

function mebibytes(bytes: number): string {
  return `${Math.round(bytes / 2 ** 20)} MiB`;
}

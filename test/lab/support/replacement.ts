// A replacement as its stories see it: somebody's load balancer, the journal, the claims, and a command that is killed.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import type { Claim } from "../../../modules/claims/index.ts";
import type { Journal } from "../../../modules/rollout/index.ts";
import type { ReplacementSpec } from "../../../modules/spec/index.ts";
import { clusterPrint } from "../harness/counter.ts";
import { eventually } from "../harness/eventually.ts";
import type { Outcome } from "../harness/program.ts";
import type { Rack } from "../harness/rack.ts";

/** Its share for each version is a file, and it is the stories' client that obeys it. */
export function writeBalancer(root: string, version: string): NonNullable<ReplacementSpec["traffic"]> {
  const file = shareFile(version);
  const program =
    'import { renameSync, writeFileSync } from "node:fs"; const [file, share] = process.argv.slice(2); writeFileSync(`${file}.new`, share); renameSync(`${file}.new`, file);';
  writeFileSync(join(root, "balance.mjs"), program);
  writeFileSync(join(root, file), "0");
  return {
    driver: "command",
    show: ["cat", file],
    shift: ["node", "balance.mjs", file, "{share}"],
    drain: { seconds: 2 },
  };
}

/** Percent of the traffic that goes to a version. */
export function shareOf(root: string, version: string): number {
  return Number(readFileSync(join(root, shareFile(version)), "utf8"));
}

function shareFile(version: string): string {
  return `share-${version}`;
}

/** Of the replacement by a version of the cluster `lab`, which must have begun. */
export function journalOf({ project }: Rack, version: string): Journal {
  return JSON.parse(readFileSync(journalFile(project.root, version), "utf8")) as Journal;
}

export function runningStep(rack: Rack, version: string): string | undefined {
  if (!existsSync(journalFile(rack.project.root, version))) return undefined;
  return journalOf(rack, version).steps.find(({ state }) => state === "running")?.id;
}

function journalFile(root: string, version: string): string {
  return join(root, ".landfall/rollouts/lab", version, "journal.json");
}

/** Undefined: nobody holds it. */
export function claimOf({ project }: Rack, machine: string): Claim | undefined {
  const file = join(project.root, ".landfall/claims", project.name, `${machine}.json`);
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Claim) : undefined;
}

/** Runs `landfall upgrade lab --to VERSION`, and kills it as soon as it is so. Its exit code is 137, or it had ended before. */
export async function killUpgrade(
  rack: Rack,
  version: string,
  what: string,
  isSo: () => boolean,
): Promise<Outcome> {
  const command = rack.startLandfall("upgrade", "lab", "--to", version);
  let over = false;
  const ended = command.ended.finally(() => {
    over = true;
  });
  await eventually(what, 150, async () => (over || isSo() ? true : undefined), 5);
  if (!over) process.kill(command.pid, "SIGKILL");
  return await ended;
}

/** What a counter's writers in a cluster put before their names. */
export async function printOf(rack: Rack, cluster: string): Promise<string> {
  await rack.api(cluster); // writes the kubeconfig
  const kubeconfig = readFileSync(join(rack.project.root, ".landfall/run", cluster, "kubeconfig"), "utf8");
  const authority: string = parse(kubeconfig).clusters[0].cluster["certificate-authority-data"];
  return clusterPrint(Buffer.from(authority, "base64"));
}

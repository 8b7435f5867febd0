// What has to be true before Terraform runs: nobody else does, and its state can be read.
import { renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Plan } from "../plan/index.ts";
import { LandfallError } from "../spec/error.ts";
import { readIfThere, writeAtomic } from "./files.ts";
import { holdsWithin, identify, isAlive, type ProcessId } from "./processes.ts";
import { isDone, type StepName } from "./run-record.ts";
import { endGroup } from "./terraform.ts";
import { runDir, stateFile, type Workspace } from "./workspace.ts";

interface Owner {
  readonly command: ProcessId;
  /** Leader of the group that the command made. */
  readonly terraform?: ProcessId;
}

const ownerFile = (workspace: Workspace, cluster: string) => join(runDir(workspace, cluster), "owner.json");

/**
 * Takes the cluster for this process. What a killed command left running is ended first: it is interrupted, so that it
 * saves its state, and killed if it does not heed.
 * @throws {LandfallError} `cluster-busy` while another command works on the cluster.
 */
export async function takeCluster(
  workspace: Workspace,
  cluster: string,
  say: (line: string) => void,
): Promise<{ started: (pid: number) => void; release: () => void }> {
  const file = ownerFile(workspace, cluster);
  const text = readIfThere(file);
  const before = text === undefined ? undefined : (JSON.parse(text) as Owner);
  if (before !== undefined && isAlive(before.command) && before.command.pid !== process.pid) {
    throw new LandfallError("cluster-busy", `another command works on ${cluster}`, {
      found: `process ${before.command.pid}`,
      next: "wait until it has ended, or interrupt it",
    });
  }
  if (before?.terraform !== undefined) await endLeftover(before.terraform, say);
  const command = identify(process.pid) as ProcessId;
  writeAtomic(file, JSON.stringify({ command } satisfies Owner));
  return {
    started: (pid) => {
      const terraform = identify(pid);
      if (terraform !== undefined) writeAtomic(file, JSON.stringify({ command, terraform } satisfies Owner));
    },
    release: () => rmSync(file, { force: true }),
  };
}

async function endLeftover(leader: ProcessId, say: (line: string) => void): Promise<void> {
  if (isAlive(leader)) {
    say(`an interrupted command left Terraform running (process ${leader.pid}): ending it`);
    process.kill(leader.pid, "SIGINT");
    await holdsWithin(10_000, () => !isAlive(leader));
  }
  // Another process can only have taken the leader's id when nothing of its group was left.
  const now = identify(leader.pid);
  if (now === undefined || now.started === leader.started) await endGroup(leader.pid);
}

/**
 * What a Terraform that was killed leaves wrong in its state.
 *
 * It overwrites the file in place, so half of one may be left: then the one before is put back, and what that does not
 * know of is made again under the same names. And it writes a resource down as made before its step has run (with
 * everything, as soon as any other resource is done): a step that has not recorded its end is marked to be done again.
 */
export function mendState(workspace: Workspace, cluster: string, say: (line: string) => void): void {
  const file = stateFile(workspace, cluster);
  const text = readIfThere(file);
  if (text === undefined) return;
  if (!isJson(text)) putBack(file, say);
  const mended = readIfThere(file);
  if (mended === undefined) return;
  const state = JSON.parse(mended) as State;
  const cut = taintCutShort(workspace, cluster, state);
  if (cut.length === 0) return;
  writeAtomic(file, JSON.stringify({ ...state, serial: state.serial + 1 }, null, 2));
  say(`an earlier deploy was cut short in ${cut.join(", ")}: doing it again`);
}

function putBack(file: string, say: (line: string) => void): void {
  renameSync(file, `${file}.broken`);
  const before = readIfThere(`${file}.backup`);
  const whole = before !== undefined && isJson(before);
  if (whole) writeAtomic(file, before);
  say(
    `${file} was cut short; ${whole ? "the one before is taken" : "starting anew"} (kept as ${file}.broken)`,
  );
}

/** The fields of a state that matter here. */
export interface State {
  readonly serial: number;
  readonly resources?: readonly {
    readonly type: string;
    readonly name: string;
    readonly instances: readonly Instance[];
  }[];
}

interface Instance {
  status?: string;
  readonly attributes: { readonly id?: string };
}

/** As stacks/cluster-stack.ts names the steps that make something. */
const stepResource = /^(?:(release|addons|health)|(power|deliver)-(.+))$/;

/** Marks the steps that did not end, so that they are done again. @returns their names */
export function taintCutShort(workspace: Workspace, cluster: string, state: State): readonly string[] {
  const cut = cutShort(state, (step, resource) => isDone(workspace, cluster, step, resource));
  for (const { instance } of cut) instance.status = "tainted";
  return cut.map(({ name }) => name);
}

/** Resources that the state takes for made, and whose steps did not end. */
function cutShort(
  { resources = [] }: State,
  done: (step: StepName, resource: string) => boolean,
): { readonly name: string; readonly instance: Instance }[] {
  return resources.flatMap(({ type, name, instances }) => {
    const [, alone, each, machine] = stepResource.exec(name) ?? [];
    const step = alone ?? each;
    if (type !== "null_resource" || step === undefined) return [];
    return instances
      .filter(({ status, attributes: { id } }) => status === undefined && !done({ step, machine }, id ?? ""))
      .map((instance) => ({ name, instance }));
  });
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** For what is gone by other means than a destroy. */
export function forgetStateFile(workspace: Workspace, cluster: string): void {
  const file = stateFile(workspace, cluster);
  for (const path of [file, `${file}.backup`]) rmSync(path, { force: true });
}

/**
 * Whether Terraform owns anything of the cluster. A state that cannot be read may hold something, and so may one that
 * only Terraform can read.
 */
export function isDeployed(workspace: Workspace, cluster: string, state: Plan["state"] = "local"): boolean {
  if (state === "pg") return true;
  const text = readIfThere(stateFile(workspace, cluster));
  if (text === undefined) return false;
  if (!isJson(text)) return true;
  return ((JSON.parse(text) as { resources?: readonly unknown[] }).resources ?? []).length > 0;
}

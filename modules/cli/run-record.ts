// What a cluster's steps know: a synth writes it, and each step (a process of its own) reads it instead of planning
// again. It holds no secrets.
import { rmSync } from "node:fs";
import { join } from "node:path";
import type { MachinePlan, Plan } from "../plan/index.ts";
import type { Release } from "../release/index.ts";
import { LandfallError } from "../spec/error.ts";
import { readIfThere, writeAtomic } from "./files.ts";
import { runDir, type Workspace } from "./workspace.ts";

export interface RunRecord {
  readonly plan: Plan;
  readonly release: Release;
  /** Of this landing: another one of the same cluster, after it was destroyed, has another. */
  readonly generation: string;
}

export function writeRun(workspace: Workspace, record: RunRecord): void {
  writeAtomic(join(runDir(workspace, record.plan.cluster), "run.json"), `${JSON.stringify(record)}\n`);
}

/** @throws {LandfallError} `not-deployed` when no synth has written it. */
export function readRun(workspace: Workspace, cluster: string): RunRecord {
  const record = findRun(workspace, cluster);
  if (record !== undefined) return record;
  throw new LandfallError("not-deployed", `nothing is recorded of ${cluster}`, {
    expected: "a cluster that was deployed from this folder",
    next: `npx landfall deploy ${cluster}`,
  });
}

export function findRun(workspace: Workspace, cluster: string): RunRecord | undefined {
  const text = readIfThere(join(runDir(workspace, cluster), "run.json"));
  return text === undefined ? undefined : (JSON.parse(text) as RunRecord);
}

/** What was done to a machine. Outlives its place in the plan: a machine that was taken out is retired by it. */
export interface MachineRecord {
  readonly machine: MachinePlan;
  readonly generation: string;
  /** ISO 8601: when it was last started into the network, and had power. */
  readonly started?: string;
  /** ISO 8601: when it took its keys. From then on it is in service, and no step cuts its power but `retire`. */
  readonly delivered?: string;
  /** ISO 8601: when it gave up its disk's mark, being retired. */
  readonly released?: string;
  /** Why the last attempt to start it, or to hand it its keys, failed. */
  readonly failed?: string;
  /** SSH host key of its installed system, as SHA256:...; any other is refused. */
  readonly hostKey?: string;
}

const machineFile = (workspace: Workspace, cluster: string, machine: string) =>
  join(runDir(workspace, cluster), "steps", `${machine}.json`);

export function readMachine(
  workspace: Workspace,
  cluster: string,
  machine: string,
): MachineRecord | undefined {
  const text = readIfThere(machineFile(workspace, cluster, machine));
  return text === undefined ? undefined : (JSON.parse(text) as MachineRecord);
}

export function writeMachine(workspace: Workspace, cluster: string, record: MachineRecord): void {
  writeAtomic(machineFile(workspace, cluster, record.machine.name), `${JSON.stringify(record)}\n`);
}

export function forgetMachine(workspace: Workspace, cluster: string, machine: string): void {
  rmSync(machineFile(workspace, cluster, machine), { force: true });
}

/** A step that makes something, of a cluster or of one machine. */
export interface StepName {
  readonly step: string;
  readonly machine?: string | undefined;
}

const doneFile = (workspace: Workspace, cluster: string, { step, machine }: StepName) =>
  join(runDir(workspace, cluster), "done", machine === undefined ? step : `${step}-${machine}`);

/** Remembers for which resource a step was last done to its end. */
export function writeDone(workspace: Workspace, cluster: string, step: StepName, resource: string): void {
  writeAtomic(doneFile(workspace, cluster, step), resource);
}

export function isDone(workspace: Workspace, cluster: string, step: StepName, resource: string): boolean {
  return readIfThere(doneFile(workspace, cluster, step)) === resource;
}

export function forgetRun(workspace: Workspace, cluster: string): void {
  rmSync(runDir(workspace, cluster), { recursive: true, force: true });
}

// What a lab costs its computer.
import { existsSync } from "node:fs";
import { type GroupUsage, groupUsage, type Hierarchy } from "./cgroups.ts";
import { attempt } from "./command.ts";
import type { LabFiles } from "./config.ts";
import { type LabNames, servicesGroup } from "./names.ts";

export interface PartUsage extends GroupUsage {
  /** Bytes on disk; 0 for the services. Images that all machines share are not in it. */
  readonly disk: number;
}

/** By part: `services`, and each machine. A machine that is off costs disk only. */
export type LabUsage = Readonly<Record<string, PartUsage>>;

/** CPU is what each used since it was started: ask twice to know how much it uses now. */
export async function labUsage(
  hierarchies: readonly Hierarchy[],
  names: LabNames,
  machines: readonly string[],
  files: LabFiles,
): Promise<LabUsage> {
  const nothing: GroupUsage = { memory: 0, cache: 0, cpuSeconds: 0 };
  const usage = (group: string) => groupUsage(hierarchies, `${names.cgroup}/${group}`) ?? nothing;
  const costs = await Promise.all(
    machines.map(async (name) => {
      const { folder } = files.machine(name);
      return [name, { ...usage(name), disk: await diskUsage(folder) }] as const;
    }),
  );
  return { services: { ...usage(servicesGroup), disk: 0 }, ...Object.fromEntries(costs) };
}

/** Bytes below a folder, of one file system; what vanishes meanwhile is not counted. */
async function diskUsage(folder: string): Promise<number> {
  if (!existsSync(folder)) return 0;
  const { stdout } = await attempt(["du", "--summarize", "--one-file-system", "--block-size=1", folder]);
  return Number(stdout.split("\t")[0] ?? 0);
}

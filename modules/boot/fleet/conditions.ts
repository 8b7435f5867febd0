import { z } from "zod";
import type { MachineRecord } from "../machine/types.ts";

/** Evidence quotes what programs wrote: no control character of theirs gets to a terminal. */
const line = z
  .string()
  .transform((text) => text.replaceAll(/[^\P{C}\n]+|[\p{Zl}\p{Zp}]+/gu, " ").slice(0, 2000));

/** The last health report of a cluster, as deploy and status write it: modules/health's HealthReport, and when. */
export const clusterReportSchema = z.object({
  cluster: z.string().min(1).max(253),
  checked: z.iso.datetime().optional(),
  conditions: z
    .array(z.object({ name: z.string().max(100), ok: z.boolean(), describe: line, evidence: line }))
    .max(100),
});
export type ClusterReport = z.infer<typeof clusterReportSchema>;

/** When each cluster was seen to be healthy as a whole, where its last report says so. */
export function proofs(reports: Iterable<ClusterReport>): ReadonlyMap<string, string> {
  const healthy = [...reports].flatMap(({ cluster, checked, conditions }) =>
    checked !== undefined && conditions.length > 0 && conditions.every(({ ok }) => ok)
      ? [[cluster, checked] as const]
      : [],
  );
  return new Map(healthy);
}

/** The cluster that a machine belongs to, by its record. */
export function clusterOf({ order, installed }: Pick<MachineRecord, "order" | "installed">): string {
  return installed?.cluster ?? order?.cluster ?? "";
}

import { z } from "zod";

const line = z.string().transform((text) => text.slice(0, 2000));

/** The last health report of a cluster, as deploy and status write it: modules/health's HealthReport, and when. */
export const clusterReportSchema = z.object({
  cluster: z.string().min(1).max(253),
  checked: z.iso.datetime().optional(),
  conditions: z
    .array(z.object({ name: z.string().max(100), ok: z.boolean(), describe: line, evidence: line }))
    .max(100),
});
export type ClusterReport = z.infer<typeof clusterReportSchema>;

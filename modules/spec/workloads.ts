// `replacement.workloads` of a cluster's file: how work comes from the version before.
import { z } from "zod";

const pattern = z.string().min(1);

const rule = z.strictObject({
  namespace: pattern
    .optional()
    .describe("Namespace; `*` stands for any text. Holds for the Namespace itself too."),
  kind: z
    .string()
    .min(1)
    .optional()
    .describe("Kind, as `Deployment`; with its group where two are called alike, as `Cluster.example.org`."),
  name: pattern.optional().describe("Name; `*` stands for any text."),
  labels: z.record(z.string(), z.string()).optional().describe("Labels that the object has."),
});

const condition = z.strictObject({
  kind: z.string().min(1).describe("Kind, as `Kustomization`; with its group where two are called alike."),
  namespace: z.string().min(1).optional().describe("Left out: it is in none."),
  name: z.string().min(1).describe("The object's name."),
  condition: z
    .string()
    .min(1)
    .optional()
    .describe("Type of the condition in its status, as `Ready`. Either this or `field`."),
  field: z
    .string()
    .min(1)
    .optional()
    .describe("Path of a field, as `status.health.status`. Either this or `condition`."),
  value: z.string().optional().meta({
    description: "What the condition's status, or the field, must be.",
    default: "True",
  }),
});

export const workloadsSchema = z
  .strictObject({
    copy: z
      .strictObject({
        include: z
          .array(rule)
          .min(1, "at least one rule")
          .optional()
          .describe(
            "What is copied: all that matches one of these; what is said in one rule must all hold. Namespaces and definitions of what is copied come along. Left out: everything.",
          ),
        exclude: z.array(rule).optional().describe("What is not copied. Wins over `include`."),
      })
      .optional()
      .describe("Which objects are copied. Not together with `gitops`."),
    gitops: z
      .strictObject({
        conditions: z
          .array(condition)
          .min(1, "at least one condition")
          .describe("What must hold in this cluster, all of it."),
        timeout: z
          .int()
          .min(1)
          .max(86_400)
          .optional()
          .meta({ description: "Seconds until it must hold.", default: 1800 }),
      })
      .optional()
      .describe("Your own tool fills the cluster: nothing is copied, and these conditions are waited for."),
    volumes: z
      .strictObject({
        local: z.enum(["refuse", "leave"]).optional().meta({
          description:
            "Data on machines' own disks. `refuse`: nothing is copied while there is any. `leave`: it stays behind, and claims begin empty.",
          default: "refuse",
        }),
        shared: z
          .array(z.string().startsWith("/", "an absolute path"))
          .optional()
          .describe(
            "Folders that are the same storage on the machines of both versions, mounted by other means: volumes of kind hostPath or local below them are handed over as network volumes are.",
          ),
        timeout: z.int().min(1).max(86_400).optional().meta({
          description: "Seconds that the pods of a volume get to end, and a claim to be bound.",
          default: 600,
        }),
      })
      .optional()
      .describe("What becomes of volumes."),
  })
  .describe("How work comes from the version before.");

export type WorkloadsSpec = z.infer<typeof workloadsSchema>;

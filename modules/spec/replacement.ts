// How a version of a cluster takes the place of the one before. Written in the file of the new version, green; the old
// one is blue.
import { z } from "zod";
import { archiveSchema } from "./archive.ts";
import { trafficSchema } from "./traffic.ts";
import { workloadsSchema } from "./workloads.ts";

export const replacementDefaults = {
  /** Percent of blue's workers. */
  waves: "25%",
  /** Percent of what blue's workloads request. */
  capacity: 100,
  /** Seconds. */
  soak: 60,
  /** Seconds. */
  hold: 600,
  /** Seconds that a check gets. */
  checkTimeout: 300,
  checkAfter: "landing",
} as const;

const command = z.array(z.string()).min(1);
const seconds = z.int().min(0).max(604_800);
const timeout = z.int().min(1).max(86_400).optional().meta({
  description: "Seconds that it gets; then it has failed.",
  default: replacementDefaults.checkTimeout,
});

const placeholders =
  "`{blue}` and `{green}` in an argument stand for the clusters, `{kubeconfig}` for a file with which kubectl is green's administrator.";

const check = z.strictObject({
  name: z.string().min(1).max(63).describe("What it proves, as people call it. Unique among the checks."),
  command: command
    .optional()
    .describe(
      `Command that ends with 0 when green is good, run without a shell in the project's folder. ${placeholders}`,
    ),
  job: z
    .string()
    .min(1)
    .optional()
    .describe(
      "File with one Job, relative to this file: applied to green, awaited, and deleted. Exactly one of `command`, `job`.",
    ),
  after: z.enum(["landing", "migration"]).optional().meta({
    description:
      "When it is run. `landing`: on the empty cluster, before anything of blue's is touched. `migration`: when the workloads are there, before any traffic.",
    default: replacementDefaults.checkAfter,
  }),
  timeout,
});

const canary = z
  .strictObject({
    share: z.int().min(1).max(99).describe("Percent of the traffic that green gets first."),
    seconds: seconds.describe("How long it gets that, before the check decides."),
    check: command.describe(
      `Command that decides: 0, and the rest of the traffic follows; anything else, and all of it is blue's again. Run without a shell in the project's folder. ${placeholders}`,
    ),
    timeout,
  })
  .describe("A share of the traffic first. Left out: all of it at once.");

export const replacementSchema = z
  .strictObject({
    waves: z
      .union([z.int().min(1), z.string().regex(/^([1-9]|[1-9][0-9]|100)%$/)], {
        error: "a number of machines, as 2, or a share of blue's workers, as 25%",
      })
      .optional()
      .meta({
        description: "How many of blue's workers move to green at a time: machines, or percent of them.",
        default: replacementDefaults.waves,
      }),
    capacity: z.int().min(1).max(1000).optional().meta({
      description:
        "Percent of what blue's workloads request (CPU, memory) that blue keeps until the end of the hold, and that green has before traffic moves.",
      default: replacementDefaults.capacity,
    }),
    soak: seconds.optional().meta({
      description: "Seconds for which green has to stay healthy before anything of blue's is touched.",
      default: replacementDefaults.soak,
    }),
    checks: z
      .array(check)
      .optional()
      .describe("Your own proof that green is good, beside the health conditions."),
    canary: canary.optional(),
    hold: seconds.optional().meta({
      description:
        "Seconds from cut-over to the point of no return: blue still runs, and an abort goes back to it.",
      default: replacementDefaults.hold,
    }),
    traffic: trafficSchema.optional(),
    archive: archiveSchema.optional(),
    workloads: workloadsSchema.optional(),
  })
  .describe("How this version takes the place of the one before: see docs/replacement.md.");

export type ReplacementSpec = z.infer<typeof replacementSchema>;

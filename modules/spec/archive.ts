// `replacement.archive`: who can read what is left of a cluster that was replaced.
import { z } from "zod";
import { isAgeRecipient } from "./age-recipient.ts";

const recipient = z
  .string()
  .refine(isAgeRecipient, "a public key of age, age1... whole, as age-keygen prints it");

export const archiveSchema = z
  .strictObject({
    recipients: z
      .array(recipient)
      .min(1, "at least one public key of age")
      .optional()
      .describe(
        "Public keys of age (`age1...`, made by `age-keygen`) to whom the archive is encrypted; any one of their identities opens it.",
      ),
    encrypt: z
      .literal(false)
      .optional()
      .describe(
        "`false`, in place of `recipients`: the archive is written in plain, with every key of the cluster in it.",
      ),
  })
  .describe("The last etcd snapshot and the PKI of a cluster, kept in one file before it is retired.");

export type ArchiveSpec = z.infer<typeof archiveSchema>;

// JSON Schema for editors, from the same source as everything else.
import { z } from "zod";
import { clusterSchema, siteSchema } from "./schema.ts";

/** What of JSON Schema (2020-12) comes out of our schemas. */
export interface JsonSchema {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly items?: JsonSchema;
  readonly additionalProperties?: boolean | JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
  /** Of maps: which it is, one key's `const` tells. */
  readonly oneOf?: readonly JsonSchema[];
  readonly const?: string;
  readonly enum?: readonly string[];
  readonly format?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minItems?: number;
}

export const kinds = ["site", "cluster"] as const;
export type Kind = (typeof kinds)[number];

export function jsonSchema(kind: Kind): JsonSchema {
  const schema = kind === "site" ? siteSchema : clusterSchema;
  return z.toJSONSchema(schema, { io: "input" }) as JsonSchema;
}

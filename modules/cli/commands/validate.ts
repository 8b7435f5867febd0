import type { Invocation } from "../main.ts";
import { printJson } from "../output.ts";
import { planAll } from "../project.ts";

export async function validateCommand({ workspace, json }: Invocation): Promise<undefined> {
  const clusters = planAll(workspace).map(({ cluster }) => cluster);
  if (json) return printJson({ valid: true, clusters });
  process.stdout.write(`${clusters.map((cluster) => `${cluster}: valid`).join("\n")}\n`);
}

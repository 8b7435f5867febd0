import { readFileSync } from "node:fs";
import { validateFiles } from "@landfall/ignition";
import type { Invocation } from "../main.ts";
import { exit, printJson } from "../output.ts";

export async function ignitionCommand({ json }: Invocation, files: readonly string[]): Promise<number> {
  const { lines, valid } = validateFiles(files.map((name) => ({ name, text: readFileSync(name) })));
  if (json) printJson({ valid, files: lines });
  else process.stdout.write(`${lines.join("\n")}\n`);
  return valid ? exit.ok : exit.failed;
}

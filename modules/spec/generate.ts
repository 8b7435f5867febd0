// `node modules/spec/generate.ts` writes what is made from the schema: editors' JSON Schemas, reference pages.
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { generatedFiles } from "./generated.ts";

const project = join(import.meta.dirname, "..", "..");
for (const [path, text] of generatedFiles()) {
  const file = join(project, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  console.log(path);
}

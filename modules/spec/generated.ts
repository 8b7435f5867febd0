// The files that are written from the schema and committed, by their path in the project.
import { jsonSchema, kinds } from "./json-schema.ts";
import { referencePage } from "./reference.ts";

/** Path in the project to text: JSON Schemas for editors, and reference pages. */
export function generatedFiles(): ReadonlyMap<string, string> {
  return new Map(
    kinds.flatMap((kind) => [
      [`clusters/schema/${kind}.schema.json`, `${JSON.stringify(jsonSchema(kind), null, 2)}\n`] as const,
      [`docs/reference/${kind}.md`, referencePage(kind)] as const,
    ]),
  );
}

import { generatedFiles } from "../../spec/index.ts";

/** Prints the JSON Schema of a kind of file. */
export async function schemaCommand(kind: string): Promise<undefined> {
  process.stdout.write(generatedFiles().get(`clusters/schema/${kind}.schema.json`) ?? "");
}

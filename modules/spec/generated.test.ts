import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { generatedFiles } from "./generated.ts";

const project = join(import.meta.dirname, "..", "..");

test.each([...generatedFiles()])(
  "%s is what the schema says: run `node modules/spec/generate.ts`",
  (path, text) => {
    expect(readFileSync(join(project, path), "utf8")).toBe(text);
  },
);

test.each(["site", "lab-v1"])("the example %s.yaml names its schema for editors", (name) => {
  const kind = name === "site" ? "site" : "cluster";
  const [first] = readFileSync(join(project, "clusters", `${name}.yaml`), "utf8").split("\n");
  expect(first).toBe(`# yaml-language-server: $schema=schema/${kind}.schema.json`);
});

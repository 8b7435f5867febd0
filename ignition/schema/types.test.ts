import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { typedVersions, typesFrom, typesOf } from "./types.ts";

describe("generated types", () => {
  it.each(typedVersions)("of %s are those of the schema", (version) => {
    const written = readFileSync(new URL(`../generated/${version}.ts`, import.meta.url), "utf8");
    expect(written).toBe(typesOf(version));
  });

  it("say what is required, what is shared and what it is for", () => {
    const schema = {
      properties: {
        ignition: { $ref: "#/definitions/meta-data" },
        mine: { type: ["object", "null"], properties: {} },
      },
      definitions: {
        "meta-data": {
          properties: {
            version: { type: "string" },
            ids: { type: "array", items: { type: "integer" } },
            ok: { type: ["boolean", "null"] },
          },
          required: ["ids"],
        },
      },
    };
    expect(typesFrom("9.9.9", schema, new Map([["ignition.ok", "Whether it is well."]]))).toBe(
      [
        "// Written by ignition/schema/types.ts from ignition/schema/9.9.9.json and .md: do not edit.",
        "",
        "export interface Config {",
        "  readonly ignition?: MetaData | undefined;",
        "  readonly mine?: ConfigMine | undefined;",
        "}",
        "",
        "export interface MetaData {",
        '  readonly version: "9.9.9";',
        "  readonly ids: readonly number[];",
        "  /** Whether it is well. */",
        "  readonly ok?: boolean | undefined;",
        "}",
        "",
        "export interface ConfigMine {",
        "}",
        "",
      ].join("\n"),
    );
  });
});

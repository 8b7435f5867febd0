// The bindings written by hand, held against what the real provider says of itself.
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildTools, runProcess } from "../modules/release/index.ts";
import { synthesise } from "./index.ts";
import { testCluster } from "./test-cluster.ts";

interface Attribute {
  readonly type: unknown;
  readonly required?: boolean;
  readonly optional?: boolean;
}
interface Schema {
  readonly block: { readonly attributes: Readonly<Record<string, Attribute>> };
}
interface ProviderSchema {
  readonly provider: Schema;
  readonly resource_schemas: Readonly<Record<string, Schema>>;
}

let folder: string;
let schema: ProviderSchema;
let written: {
  readonly provider: { readonly matchbox: readonly Readonly<Record<string, unknown>>[] };
  readonly resource: Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, unknown>>>>>>;
};

beforeAll(async () => {
  const cacheDir = process.env.LANDFALL_CACHE ?? join(homedir(), ".cache", "landfall");
  const { terraformMirror } = await buildTools({ cacheDir, run: runProcess });
  folder = mkdtempSync(join(tmpdir(), "landfall-bindings-"));
  synthesise([testCluster()], join(folder, "cdktf.out"));
  const cwd = join(folder, "cdktf.out/stacks/t-v1");
  mkdirSync(join(cwd, "terraform.d"));
  symlinkSync(terraformMirror, join(cwd, "terraform.d/plugins"));
  const { TF_CLI_CONFIG_FILE: _, ...env } = process.env;
  const run = (...args: string[]) =>
    execFileSync("terraform", args, {
      cwd,
      env: { ...env, CHECKPOINT_DISABLE: "1" },
      encoding: "utf8",
      maxBuffer: 2 ** 26,
    });
  run("init", "-input=false");
  const { provider_schemas: schemas } = JSON.parse(run("providers", "schema", "-json"));
  schema = schemas["registry.terraform.io/poseidon/matchbox"];
  written = JSON.parse(readFileSync(join(cwd, "cdk.tf.json"), "utf8"));
}, 600_000);

afterAll(() => {
  if (folder !== undefined) rmSync(folder, { recursive: true });
});

const meta = ["//", "depends_on", "for_each"];

function check(
  attributes: Readonly<Record<string, Attribute>>,
  block: Readonly<Record<string, unknown>>,
): void {
  const given = Object.keys(block).filter((key) => !meta.includes(key));
  expect(Object.keys(attributes)).toEqual(expect.arrayContaining(given));
  const required = Object.entries(attributes).filter(([, { required }]) => required);
  expect(given).toEqual(expect.arrayContaining(required.map(([name]) => name)));
}

describe("the bindings of the Matchbox provider", () => {
  it("configure the provider with what it asks for", () => {
    check(schema.provider.block.attributes, written.provider.matchbox[0] ?? {});
  });

  it.each(["matchbox_profile", "matchbox_group"])(
    "write %s with attributes that it has, and all that it requires",
    (type) => {
      const blocks = Object.values(written.resource[type] ?? {});
      expect(blocks.length).toBeGreaterThan(0);
      for (const block of blocks) check(schema.resource_schemas[type]?.block.attributes ?? {}, block);
    },
  );

  it("give lists and maps where the provider takes them", () => {
    const profile = schema.resource_schemas.matchbox_profile?.block.attributes ?? {};
    const group = schema.resource_schemas.matchbox_group?.block.attributes ?? {};
    expect(profile.initrd?.type).toEqual(["list", "string"]);
    expect(profile.args?.type).toEqual(["list", "string"]);
    expect(group.selector?.type).toEqual(["map", "string"]);
    expect(group.metadata?.type).toEqual(["map", "string"]);
  });
});

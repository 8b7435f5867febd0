// The rules of imports between modules, held on every TypeScript file: see docs/architecture.md.
import { globSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { describe, expect, it } from "vitest";

const root = join(import.meta.dirname, "..");

/** Files that may be imported beside a module's index.ts, and why. */
const doors: Readonly<Record<string, { readonly typesOnly: boolean; readonly why: string }>> = {
  "modules/spec/error.ts": {
    typesOnly: false,
    why: "below cdktf's CLI each step is a process of its own: for an error it must not load zod and yaml",
  },
  "modules/plan/types.ts": {
    typesOnly: true,
    why: "what a plan says, without what makes it",
  },
  "modules/plan/testing.ts": {
    typesOnly: false,
    why: "plans made up, for the tests of modules that read them",
  },
  "modules/kubernetes/testing.ts": {
    typesOnly: false,
    why: "a control plane of a test's own, for tests alone",
  },
  "modules/workloads/example-cluster.ts": {
    typesOnly: false,
    why: "a control plane with controllers of a test's own, for tests alone",
  },
  "modules/cli/program.ts": {
    typesOnly: false,
    why: "the list of commands, for the test that holds the docs against it",
  },
  "modules/boot/fleet/timeouts.ts": {
    typesOnly: false,
    why: "defaults of flags, which the help of every command reads: it must not load the boot service",
  },
  "modules/boot/fleet/example-fleet.ts": {
    typesOnly: false,
    why: "machines in the middle of a landing, for tests and for the README's picture",
  },
  "modules/boot/model/check.ts": {
    typesOnly: false,
    why: "the model of orders, for tests alone: npm run soak plays it longer",
  },
  "modules/rollout/testing.ts": {
    typesOnly: false,
    why: "clusters to replace, for the tests of what shows and keeps a replacement",
  },
  "modules/rollout/model/check.ts": {
    typesOnly: false,
    why: "the model of replacements, for tests alone: npm run soak plays it longer",
  },
  "modules/boot/parsers.ts": {
    typesOnly: false,
    why: "what reads others' bytes, for tests alone: npm run soak throws odd ones at it",
  },
  "modules/cli/example-site.ts": {
    typesOnly: false,
    why: "a site as people write it, for tests alone",
  },
  "modules/cli/boot-flags.ts": {
    typesOnly: false,
    why: "flags of the boot service, for tests alone: they are held against those that Matchbox prints",
  },
  "modules/cli/go-flags.ts": { typesOnly: false, why: "the same: test/fuzz" },
  "modules/lab/ipxe.ts": { typesOnly: false, why: "the same: test/fuzz" },
  "modules/boot/store/crash.ts": {
    typesOnly: false,
    why: "kills of processes that write to the store, for tests alone: npm run soak kills more",
  },
  "modules/boot/store/example-postgres.ts": {
    typesOnly: false,
    why: "a PostgreSQL server of a test's own, for tests alone",
  },
  "modules/traffic/example-bind.ts": {
    typesOnly: false,
    why: "a BIND of a test's own, for tests alone",
  },
  "modules/boot/rpc/generated/matchbox_pb.ts": {
    typesOnly: false,
    why: "Matchbox's messages, for tests alone: they ask Matchbox and ours the same",
  },
  "stacks/test-cluster.ts": {
    typesOnly: false,
    why: "an example stack, for tests alone",
  },
};

/** Who may import what no module may: the command line stands on top of everything. */
const top: Readonly<Record<string, readonly string[]>> = {
  "modules/cli": [],
  "modules/lab": ["modules/cli"],
  stacks: ["modules/cli"],
};

interface Import {
  /** From 1. */
  readonly line: number;
  readonly from: string;
  readonly typesOnly: boolean;
}

/** Static, dynamic and re-exporting imports of a file that is formatted as Biome does it. */
function importsOf(text: string): Import[] {
  const pattern =
    /^(?:import|export)( type)?\b[^;"]*?\bfrom "([^"]+)"|^import "([^"]+)"|\bimport\("([^"]+)"\)/gm;
  return [...text.matchAll(pattern)].map((match) => ({
    line: text.slice(0, match.index).split("\n").length,
    from: (match[2] ?? match[3] ?? match[4])!,
    typesOnly: match[1] !== undefined,
  }));
}

/** The part of the project that a path belongs to: `modules/NAME`, `stacks`, `ignition`, `test`, or `.` for main.ts. */
function partOf(path: string): string {
  const [first = "", second = ""] = path.split("/");
  if (first === "modules") return `modules/${second}`;
  return path.includes("/") ? first : ".";
}

/** What is wrong with an import, or undefined. `path` is that of the importing file, from the root. */
function wrong(path: string, { from, typesOnly }: Import): string | undefined {
  if (!from.startsWith(".")) return undefined;
  const target = join(dirname(path), from);
  const [here, there] = [partOf(path), partOf(target)];
  if (here === there) return undefined;
  if (here === "ignition") return `imports ${target}; ignition depends on nothing of the rest`;
  if (there === "ignition") return `imports ${target}; expected "@landfall/ignition"`;
  if (here !== "test" && there === "test") return `imports ${target}; only tests stand on tests`;
  const allowed = top[there];
  const low = here.startsWith("modules/") || here === "stacks";
  if (allowed !== undefined && low && !allowed.includes(here))
    return `imports ${there}; no module imports cli, lab or stacks`;
  if (target === join(there, "index.ts")) return undefined;
  const door = doors[target];
  if (door === undefined) return `imports ${target}; expected ${there}/index.ts`;
  return door.typesOnly && !typesOnly ? `imports ${target}; expected \`import type\`` : undefined;
}

const files = globSync(["*.ts", "{modules,stacks,ignition,test}/**/*.ts"], {
  cwd: root,
  exclude: (path) => path.includes("node_modules"),
}).map((path) => relative(root, join(root, path)));

describe("modules", () => {
  it("are imported through their index.ts, and none imports cli, lab or stacks", () => {
    expect(files.length).toBeGreaterThan(100);
    const mistakes = files.flatMap((path) =>
      importsOf(readFileSync(join(root, path), "utf8"))
        .map((each) => ({ line: each.line, what: wrong(path, each) }))
        .filter(({ what }) => what !== undefined)
        .map(({ line, what }) => `${path}:${line}: ${what}`),
    );
    expect(mistakes.join("\n")).toBe("");
  });

  it("that break the rules are found", () => {
    // Indented and cut in two, so that they are no imports of this file.
    const broken = `
      import { a } from "./a.ts";
      import type { B } from "../plan/types.ts";
      import { b } from "../plan/types.ts";
      import {
        c,
      } from "../spec/load.ts";
      export { d } from "../lab/index.ts";
      const e = () => imp${"ort"}("../cli/main.ts");
    `.replaceAll(/^ {6}/gm, "");
    const found = importsOf(broken).map((each) => [each.line, wrong("modules/health/x.ts", each)]);
    expect(found).toEqual([
      [2, undefined],
      [3, undefined],
      [4, "imports modules/plan/types.ts; expected `import type`"],
      [5, "imports modules/spec/load.ts; expected modules/spec/index.ts"],
      [8, "imports modules/lab; no module imports cli, lab or stacks"],
      [9, "imports modules/cli; no module imports cli, lab or stacks"],
    ]);
  });
});

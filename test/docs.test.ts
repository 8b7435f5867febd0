// What README and docs say: their YAML is valid, their links lead somewhere, their commands exist.
import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { Command } from "commander";
import { describe, expect, it } from "vitest";
import { addCommands } from "../modules/cli/program.ts";
import { plan } from "../modules/plan/index.ts";
import { hostPackages, knownReleases } from "../modules/release/index.ts";
import { planRollout } from "../modules/rollout/index.ts";
import { testInput } from "../modules/rollout/testing.ts";
import { formatDiagnostic, loadFiles } from "../modules/spec/index.ts";

const root = join(import.meta.dirname, "..");
const pages = globSync(["README.md", "ignition/README.md", "modules/*/README.md", "docs/**/*.md"], {
  cwd: root,
}).sort();
const read = (path: string) => readFileSync(join(root, path), "utf8");

describe("the YAML of the docs", () => {
  // A block that is a file says so in its first line.
  const files = new Map(
    pages.flatMap((page) =>
      [...read(page).matchAll(/^```yaml\n# (clusters\/\S+\.yaml)\n.*?^```$/gms)].map((block) => {
        const text = block[0].replace(/^```yaml\n/, "").replace(/```$/, "");
        return [block[1]!, text] as const;
      }),
    ),
  );

  it("is valid, and a cluster can be planned from it", () => {
    const loaded = loadFiles((path) => files.get(path), [...files.keys()], { knownReleases });
    expect(loaded.ok ? [] : loaded.diagnostics.map(formatDiagnostic)).toEqual([]);
    const clusters = loaded.ok ? loaded.project.clusters.map(plan) : [];
    expect(clusters.map(({ cluster, machines }) => [cluster, machines.length])).toEqual([["prod-v1", 5]]);
  });
});

describe("the next version of the example", () => {
  it("is valid beside the one that it takes the place of, whose masters it leaves alone", () => {
    const text = (path: string) =>
      read(path === "clusters/lab-v2.yaml" ? "clusters/examples/lab-v2.yaml" : path);
    const loaded = loadFiles(text, ["clusters/lab-v1.yaml", "clusters/lab-v2.yaml"], { knownReleases });
    if (!loaded.ok) throw new Error(loaded.diagnostics.map(formatDiagnostic).join("\n"));
    const [blue, green] = loaded.project.clusters.map(plan);
    const input = {
      ...testInput(blue!, green!),
      replacement: loaded.project.clusters[1]!.cluster.replacement,
    };
    const { steps } = planRollout(input);
    expect(steps.map(({ id }) => id)).toEqual([
      ...["land", "soak", "check-status", "wave-1", "migrate", "canary", "cut-over", "hold", "archive"],
      ...["wave-2", "retire", "settle"],
    ]);
  });
});

describe("links", () => {
  it.each(pages)("of %s lead to files and headings that are there", (page) => {
    const links = [...read(page).matchAll(/\]\(([^)\s]+)\)/g)].map((match) => match[1]!);
    const broken = links.filter((link) => {
      if (/^https?:/.test(link)) return false;
      const [path = "", heading] = link.split("#");
      const target = path === "" ? page : join(dirname(page), path);
      return (
        !existsSync(join(root, target)) || (heading !== undefined && !headings(target).includes(heading))
      );
    });
    expect(broken).toEqual([]);
  });

  it("lead from the README to every page", () => {
    const all = ["README.md", "docs/first-rack.md", "docs/architecture.md"].map(read).join("\n");
    const unlinked = globSync("docs/**/*.md", { cwd: root }).filter(
      (page) => !all.includes(`(${page}`) && !all.includes(`(${page.replace(/^docs\//, "")}`),
    );
    expect(unlinked).toEqual([]);
  });

  /** Anchors as GitHub makes them. */
  function headings(page: string): string[] {
    return [...read(page).matchAll(/^#+ (.*)$/gm)].map((match) =>
      match[1]!
        .toLowerCase()
        .replace(/[^\w\- ]/g, "")
        .replaceAll(" ", "-"),
    );
  }
});

it("names all packages that a release is built with", () => {
  const [, named] = /apt-get install ([^`]*?)\nnpx landfall release build/.exec(read("docs/first-rack.md"))!;
  expect(named!.replaceAll("\\\n", " ").trim().split(/\s+/)).toEqual(hostPackages);
});

describe("commands", () => {
  const program = new Command("landfall");
  addCommands(program, {
    invocation: () => {
      throw new Error("nothing is run");
    },
    exitWith: () => {},
  });
  const { scripts } = JSON.parse(read("package.json")) as { scripts: Record<string, string> };

  it.each(pages)("of %s exist", (page) => {
    const text = read(page);
    const unknown = [
      ...[...text.matchAll(/(?:npx |[`$] ?)landfall ([a-z][^\n`#;|]*)/g)].map((match) => missing(match[1]!)),
      ...[...text.matchAll(/npm run ([a-z:-]+)/g)].map((match) =>
        match[1]! in scripts ? undefined : match[0],
      ),
    ].filter((command) => command !== undefined);
    expect(unknown).toEqual([]);
  });

  /** The command line, if a word of it should be a command or an argument and is not. */
  function missing(line: string): string | undefined {
    let command = program;
    const words = line.trim().split(/\s+/);
    for (const [index, word] of words.entries()) {
      const next = command.commands.find((each) => each.name() === word);
      if (next !== undefined) {
        command = next;
        continue;
      }
      const expected = command.registeredArguments;
      const choices = expected[0]?.argChoices;
      const right = expected.length > 0 && (choices === undefined || choices.includes(word));
      return right || (index > 0 && word.startsWith("-")) ? undefined : line;
    }
    return undefined;
  }
});

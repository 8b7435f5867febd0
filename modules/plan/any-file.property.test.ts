// Whatever people write: a complaint or a plan, never a crash, and nothing that passes the rules has no plan.
import fc from "fast-check";
import { expect, test } from "vitest";
import { stringify } from "yaml";
import { loadFiles } from "../spec/index.ts";
import { exampleCluster, exampleSite } from "./example.ts";
import { plan } from "./plan.ts";

const site = exampleSite(3, 3);
const cluster = {
  ...exampleCluster(undefined, { big: ["w1", "w2"], small: ["w3"] }),
  network: { pods: "10.42.0.0/16", services: "10.43.0.0/16" },
  timeouts: { boot: 1, ready: 2 },
};

type Path = readonly string[];

function pathsOf(value: unknown, path: Path = []): Path[] {
  if (typeof value !== "object" || value === null) return [path];
  return [path, ...Object.entries(value).flatMap(([key, item]) => pathsOf(item, [...path, key]))];
}

function replace(value: unknown, path: Path, by: unknown): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return by;
  if (typeof value !== "object" || value === null) return value;
  const copy = Array.isArray(value) ? [...value] : { ...value };
  const here = copy as Record<string, unknown>;
  here[key] = replace(here[key], rest, by);
  return copy;
}

const odd = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    "",
    0,
    -1,
    1.5,
    true,
    "m1",
    "w3",
    "masters",
    "rack",
    "10.20.0.0",
    "10.20.0.0/8",
    "0.0.0.0/0",
    "::/0",
    "fd00::1",
    "http://",
    "http://[::1]:1/",
    "http://:@/x",
    "\n",
    "__proto__",
    "constructor",
  ),
  fc.jsonValue({ maxDepth: 2 }),
);

const changes = (whole: unknown) =>
  fc
    .array(fc.tuple(fc.constantFrom(...pathsOf(whole)), odd), { maxLength: 4 })
    .map((list) => list.reduce((value, [path, by]) => replace(value, path, by), whole));

test("changed files load and plan, or are complained of", () => {
  fc.assert(
    fc.property(changes(site), changes(cluster), (someSite, someCluster) => {
      const texts: Record<string, string> = {
        "c/site.yaml": stringify(someSite),
        "c/prod-v2.yaml": stringify(someCluster),
      };
      const loaded = loadFiles((path) => texts[path], Object.keys(texts), { knownReleases: ["1.34.1"] });
      if (loaded.ok) {
        for (const each of loaded.project.clusters) plan({ ...each, siteFile: "/c/site.yaml" });
      } else {
        expect(loaded.diagnostics.length).toBeGreaterThan(0);
        for (const { file, line, column } of loaded.diagnostics) {
          const lines = texts[file]!.split("\n");
          expect(line).toBeLessThanOrEqual(lines.length);
          expect(column).toBeLessThanOrEqual(lines[line - 1]!.length + 1);
        }
      }
    }),
    { numRuns: 150 },
  );
});

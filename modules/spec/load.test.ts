import { expect, test } from "vitest";
import { loadFiles } from "./load.ts";
import { check, cluster, edit, knownReleases, site } from "./testing/marked.ts";

const messages = (files: Readonly<Record<string, string>>) =>
  check(files).found.map(({ file, line, column, message }) => `${file}:${line}:${column}: ${message}`);

test("gives every site and cluster, ordered by file", () => {
  const texts: Record<string, string> = {
    "clusters/site.yaml": site,
    "sites/rack2.yaml": edit(site, "name: lab", "name: far"),
    "clusters/prod-v1.yaml": cluster,
    "clusters/far-v2.yaml": edit(
      edit(cluster, "name: prod", "name: far\nsite: ../sites/rack2.yaml"),
      "version: v1",
      "version: v2",
    ),
  };
  const files = ["clusters/site.yaml", "clusters/prod-v1.yaml", "clusters/far-v2.yaml"];
  const loaded = loadFiles((path) => texts[path], files, { knownReleases });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.diagnostics));
  const { sites, clusters } = loaded.project;
  expect(sites.map(({ file, site: { name } }) => [file, name])).toEqual([
    ["clusters/site.yaml", "lab"],
    ["sites/rack2.yaml", "far"],
  ]);
  expect(clusters.map(({ id, file, siteFile, site: { name } }) => [id, file, siteFile, name])).toEqual([
    ["far-v2", "clusters/far-v2.yaml", "sites/rack2.yaml", "far"],
    ["prod-v1", "clusters/prod-v1.yaml", "clusters/site.yaml", "lab"],
  ]);
});

test("a site that is not there", () => {
  const files = { "clusters/site.yaml": site, "clusters/prod-v1.yaml": `site: sites.yaml\n${cluster}` };
  expect(messages(files)).toEqual([
    'clusters/prod-v1.yaml:1:7: site: found no file clusters/sites.yaml, expected a site\'s file; did you mean "site.yaml"?',
  ]);
});

test("no site.yaml where none is named", () => {
  expect(messages({ "clusters/prod-v1.yaml": cluster })).toEqual([
    "clusters/prod-v1.yaml:1:1: site: found no file clusters/site.yaml, expected a site's file",
  ]);
});

test("a cluster in a site's place is said once, not key by key", () => {
  const files = {
    "clusters/site.yaml": site,
    "clusters/prod-v1.yaml": cluster,
    "clusters/far-v1.yaml": edit(
      edit(cluster, "name: prod", "name: far"),
      "kubernetes",
      "site: prod-v1.yaml\nkubernetes",
    ),
  };
  expect(messages(files)).toEqual([
    "clusters/far-v1.yaml:3:7: site: found clusters/prod-v1.yaml, which is a cluster, expected a site's file",
  ]);
});

test("a site that no cluster names is said once, not key by key", () => {
  const files = { "clusters/site.yaml": site, "clusters/rack2.yaml": edit(site, "name: lab", "name: far") };
  expect(messages(files)).toEqual([
    "clusters/rack2.yaml:1:1: found a site that no cluster names, expected a cluster: name the file as a cluster's `site`, or move it out of the folder",
  ]);
});

test("a file that ends in .yml is not overlooked", () => {
  expect(messages({ "clusters/site.yaml": site, "clusters/prod-v1.yml": cluster })).toEqual([
    "clusters/prod-v1.yml:1:1: found a file called .yml, expected .yaml: it would be overlooked",
  ]);
});

test("what is wrong with a site outside the folder is said with its path", () => {
  const texts: Record<string, string> = {
    "sites/a.yaml": edit(site, "assets: assets", "asets: assets"),
    "clusters/prod-v1.yaml": edit(cluster, "kubernetes", "site: ../sites/a.yaml\nkubernetes"),
  };
  const loaded = loadFiles((path) => texts[path], ["clusters/prod-v1.yaml"], { knownReleases });
  expect(loaded).toMatchObject({
    ok: false,
    diagnostics: [
      { file: "sites/a.yaml", line: 8, column: 3 },
      { file: "sites/a.yaml", line: 12, column: 3 },
    ],
  });
});

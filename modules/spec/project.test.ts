import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { InvalidFilesError } from "./diagnostic.ts";
import { LandfallError } from "./error.ts";
import { loadCluster, loadProject } from "./project.ts";
import { cluster, edit, knownReleases, site } from "./testing/marked.ts";

let project: string;
beforeEach(() => {
  project = mkdtempSync(join(tmpdir(), "landfall-spec-"));
  mkdirSync(join(project, "clusters", "schema"), { recursive: true });
});
afterEach(() => rmSync(project, { recursive: true }));

const write = (name: string, text: string) => writeFileSync(join(project, "clusters", name), text);
const caught = (action: () => unknown): unknown => {
  try {
    action();
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
};

test("a cluster with its site, absolute paths, and the folder's other clusters", () => {
  write("site.yaml", site);
  write("prod-v1.yaml", edit(cluster, "[w1, w2]", "[w1]"));
  write(
    "solo-v1.yaml",
    "name: solo\nversion: v1\nkubernetes: 1.34.1\nendpoint: { address: 10.77.0.9 }\nmasters: { machines: [w3] }\n",
  );
  write(".#prod-v1.yaml", "an editor's own");
  const loaded = loadCluster(project, "prod-v1", { knownReleases });
  expect(loaded.clusterFile).toBe(join(project, "clusters", "prod-v1.yaml"));
  expect(loaded.siteFile).toBe(join(project, "clusters", "site.yaml"));
  expect([loaded.id, loaded.cluster.name, loaded.site.name]).toEqual(["prod-v1", "prod", "lab"]);
  expect(loaded.others.map(({ id }) => id)).toEqual(["solo-v1"]);
});

test("a cluster that is not there: the nearest is named", () => {
  write("site.yaml", site);
  write("prod-v1.yaml", cluster);
  const error = caught(() => loadCluster(project, "prod-v2", { knownReleases }));
  expect(error).toBeInstanceOf(LandfallError);
  expect(error).toMatchObject({
    code: "cluster-unknown",
    message: 'there is no cluster "prod-v2" in clusters/; did you mean "prod-v1"?',
  });
});

test("everything that is wrong is in one error, with paths as from the project", () => {
  write("site.yaml", edit(site, "name: lab", "name: Lab"));
  write("prod-v1.yaml", edit(cluster, "1.34.1", "2.0.0"));
  const error = caught(() => loadProject(join(project, "clusters"), { knownReleases }));
  expect(error).toBeInstanceOf(InvalidFilesError);
  const places = (error as InvalidFilesError).message.split("\n").map((line) => line.split(": ")[0]);
  expect(places).toEqual(["clusters/prod-v1.yaml:3:13", "clusters/site.yaml:1:7"]);
});

test("a folder that is not there", () => {
  expect(caught(() => loadProject(join(project, "none"), { knownReleases }))).toMatchObject({
    code: "clusters-missing",
  });
});

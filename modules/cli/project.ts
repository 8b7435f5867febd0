// What the project's files say. Light: commands that only read them load nothing of Terraform's.
import { existsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { type BmcPlan, type Plan, type PowerLimits, plan, planBmc, planPower } from "../plan/index.ts";
import { knownReleases } from "../release/index.ts";
import { LandfallError, type LoadedSite, loadCluster, loadProject } from "../spec/index.ts";
import { clustersDir, type Workspace } from "./workspace.ts";

/** Plans of all clusters in the project, by file. @throws {InvalidFilesError} */
export function planAll(workspace: Workspace): Plan[] {
  return loadProject(clustersDir(workspace), { knownReleases }).clusters.map(plan);
}

/** The plan of one cluster. @throws {LandfallError} `cluster-unknown`, or as planAll. */
export function planOf(workspace: Workspace, cluster: string): Plan {
  return plan(loadCluster(workspace.root, cluster, { knownReleases }));
}

/** How a machine of the project is switched. */
export interface PowerPlan {
  readonly bmc: BmcPlan;
  readonly site: string;
  readonly limits: PowerLimits;
}

/** Of every machine in every site of the project, by name. */
export function powerPlans(workspace: Workspace): ReadonlyMap<string, PowerPlan> {
  const { sites } = loadProject(clustersDir(workspace), { knownReleases });
  return new Map(
    sites.flatMap(({ site, file }) =>
      site.machines.map((machine): [string, PowerPlan] => [
        machine.name,
        {
          bmc: planBmc(machine, (path) => resolve(dirname(file), path)),
          site: site.name,
          limits: planPower(site),
        },
      ]),
    ),
  );
}

/** @throws {LandfallError} `boot-service-credentials` when Terraform could not reach the boot service. */
export function requireBootService({ boot, site }: Plan): void {
  const missing = Object.values(boot.tls).filter((path) => !existsSync(path));
  if (missing.length === 0) return;
  throw new LandfallError(
    "boot-service-credentials",
    `the boot service of ${site} has no client certificate here`,
    {
      found: `no file ${missing.join(", ")}`,
      expected: "PEM files at boot.tls of the site's file",
      next: "put them there; for the lab: npx landfall lab up, which makes them",
    },
  );
}

/** @throws {LandfallError} `site-unknown` */
export function siteNamed(workspace: Workspace, name: string): LoadedSite {
  const { sites } = loadProject(clustersDir(workspace), { knownReleases });
  const found = sites.find(({ site }) => site.name === name);
  if (found !== undefined) return found;
  throw new LandfallError("site-unknown", `no site is called ${name}`, {
    found: name,
    expected: sites.map(({ site }) => site.name).join(", "),
  });
}

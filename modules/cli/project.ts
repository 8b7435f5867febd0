// What the project's files say. Light: commands that only read them load nothing of Terraform's.
import { existsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { type Allotment, allot, requireMasters, type Version } from "../claims/index.ts";
import { type BmcPlan, type Plan, type PowerLimits, plan, planBmc, planPower } from "../plan/index.ts";
import { knownReleases } from "../release/index.ts";
import {
  type Cluster,
  clusterId,
  LandfallError,
  type LoadedCluster,
  type LoadedSite,
  loadCluster,
  loadProject,
} from "../spec/index.ts";
import { readClaims } from "./claims.ts";
import { clustersDir, type Workspace } from "./workspace.ts";

/** Plans of all clusters in the project as their files say them, by file. @throws {InvalidFilesError} */
export function planAll(workspace: Workspace): Plan[] {
  return loadProject(clustersDir(workspace), { knownReleases }).clusters.map(plan);
}

/** The plan of one cluster as its file says it. @throws {LandfallError} `cluster-unknown`, or as planAll. */
export function planOf(workspace: Workspace, cluster: string): Plan {
  return plan(loadCluster(workspace.root, cluster, { knownReleases }));
}

/**
 * The file of the version that takes the place of another.
 * @throws {LandfallError} `not-versions` unless both are versions of one cluster, or as planOf.
 */
export function successorOf(workspace: Workspace, from: string, to: string) {
  const blue = loadCluster(workspace.root, from, { knownReleases });
  const green = loadCluster(workspace.root, to, { knownReleases });
  const { name } = green.cluster;
  if (from !== to && blue.cluster.name === name) return green;
  throw new LandfallError("not-versions", `${from} and ${to} are not two versions of one cluster`, {
    found: `${from} and ${to}`,
    expected: `two versions of the same name, as ${name}-v1 and ${name}-v2`,
  });
}

/** What a deploy of a version lands now: of the machines that its file names those that it holds, or that are free. */
export interface Obtainable {
  readonly plan: Plan;
  readonly allotment: Allotment;
}

/** @throws {LandfallError} `masters-held` when another version holds one of its masters, or as planOf. */
export function obtainable(workspace: Workspace, cluster: string): Obtainable {
  return obtain(workspace, loadCluster(workspace.root, cluster, { knownReleases }));
}

/** Of all clusters in the project, by file; in place of one that cannot be landed, why. @throws {InvalidFilesError} */
export function obtainableAll(workspace: Workspace): (Obtainable | LandfallError)[] {
  return loadProject(clustersDir(workspace), { knownReleases }).clusters.map((loaded) => {
    try {
      return obtain(workspace, loaded);
    } catch (error) {
      if (error instanceof LandfallError && error.code === "masters-held") return error;
      throw error;
    }
  });
}

function obtain(
  workspace: Workspace,
  loaded: Pick<LoadedCluster, "cluster" | "site" | "siteFile">,
): Obtainable {
  const version = versionOf(loaded.cluster);
  const allotment = allot(version, readClaims(workspace, loaded.site.name));
  requireMasters(version, allotment);
  const without = new Set(allotment.leftOut.map(({ machine }) => machine));
  return { plan: plan({ ...loaded, without }), allotment };
}

/** What the file of a version names. @throws {LandfallError} as planOf. */
export function namedIn(workspace: Workspace, cluster: string): Version {
  return versionOf(loadCluster(workspace.root, cluster, { knownReleases }).cluster);
}

function versionOf(cluster: Cluster): Version {
  const { masters, pools = [] } = cluster;
  return {
    cluster: clusterId(cluster),
    masters: masters.machines,
    workers: pools.flatMap(({ machines }) => machines),
  };
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

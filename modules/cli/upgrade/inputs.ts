// What a replacement is planned from: the files of both versions, who holds what, and what blue runs.
import type { Plan } from "../../plan/index.ts";
import { knownReleases } from "../../release/index.ts";
import type { RolloutInput, Timing } from "../../rollout/index.ts";
import { LandfallError, loadCluster, loadProject } from "../../spec/index.ts";
import { readClaims } from "../claims.ts";
import { clusterApi } from "../cluster-api.ts";
import { planOf } from "../project.ts";
import { findRun, readMachine } from "../run-record.ts";
import { isDeployed } from "../state.ts";
import { clustersDir, type Workspace } from "../workspace.ts";
import { readLoad } from "./load.ts";

/** The files' part: what a journal is compared with. */
export function filesOf(workspace: Workspace, blue: string, green: string) {
  const { replacement } = loadCluster(workspace.root, green, { knownReleases }).cluster;
  return { blue: planOf(workspace, blue), green: planOf(workspace, green), replacement };
}

/**
 * The version that `green` takes the place of: the one that is deployed.
 * @throws {LandfallError} `nothing-to-replace`, `usage` when there are several
 */
export function blueOf(workspace: Workspace, name: string, green: string, from: string | undefined): string {
  const { clusters } = loadProject(clustersDir(workspace), { knownReleases });
  const deployed = clusters
    .filter(({ id, cluster }) => cluster.name === name && id !== green)
    .map(({ id }) => id)
    .filter(
      (id) => findRun(workspace, id) !== undefined && isDeployed(workspace, id, planOf(workspace, id).state),
    );
  if (from !== undefined) {
    const blue = `${name}-${from}`;
    if (deployed.includes(blue)) return blue;
    throw new LandfallError("nothing-to-replace", `${blue} is not deployed`, {
      found: deployed.length === 0 ? `no version of ${name}` : deployed.join(", "),
      expected: "a version that runs",
      next: deployed.length === 0 ? `npx landfall deploy ${green}` : "name that one: --from VERSION",
    });
  }
  const [only, ...more] = deployed;
  if (only !== undefined && more.length === 0) return only;
  if (only === undefined) {
    throw new LandfallError("nothing-to-replace", `no other version of ${name} is deployed`, {
      expected: `a version that ${green} takes the place of`,
      next: `npx landfall deploy ${green}`,
    });
  }
  throw new LandfallError("usage", `it is not clear which version ${green} takes the place of`, {
    found: deployed.join(", "),
    expected: "one of them",
    next: "say which: --from VERSION",
  });
}

export async function inputOf(
  workspace: Workspace,
  blue: string,
  green: string,
  signal: AbortSignal,
): Promise<RolloutInput> {
  const files = filesOf(workspace, blue, green);
  const claims = readClaims(workspace, files.blue.site);
  const { clusters, sites } = loadProject(clustersDir(workspace), { knownReleases });
  const named = new Set(
    clusters.flatMap(({ cluster: { masters, pools = [] } }) => [
      ...masters.machines,
      ...pools.flatMap(({ machines }) => machines),
    ]),
  );
  const site = sites.find((each) => each.site.name === files.blue.site)?.site;
  const spares = (site?.machines ?? [])
    .map(({ name }) => name)
    .filter((name) => !named.has(name) && !claims.has(name));
  return {
    ...files,
    holders: new Map([...claims].map(([machine, { holder }]) => [machine, holder])),
    spares,
    load: await loadIfKnown(workspace, files.blue, signal),
    timing: timingOf(workspace, files.blue),
  };
}

async function loadIfKnown(workspace: Workspace, blue: Plan, signal: AbortSignal) {
  const deployed = findRun(workspace, blue.cluster)?.plan;
  if (deployed === undefined) return undefined;
  const pools = new Map(deployed.machines.map(({ name, pool }) => [name, pool]));
  const api = clusterApi(workspace, deployed);
  try {
    return await readLoad(api, (machine) => pools.get(machine), signal);
  } catch {
    // The plan says that it is not known.
    signal.throwIfAborted();
    return undefined;
  } finally {
    await api.close();
  }
}

/** Seconds: of a machine whose firmware takes minutes, where nothing was measured yet. */
const unknownLanding = 600;

/** As blue's own machines landed. */
function timingOf(workspace: Workspace, { cluster, machines }: Plan): Timing {
  const landings = machines.flatMap(({ name }) => {
    const { started, delivered } = readMachine(workspace, cluster, name) ?? {};
    return started === undefined || delivered === undefined
      ? []
      : [(Date.parse(delivered) - Date.parse(started)) / 1000];
  });
  // From its keys to health it takes a while more; a start that is only for a wipe is most of a landing.
  const land = landings.length === 0 ? unknownLanding : Math.ceil(Math.max(...landings)) + 15;
  return { land, leave: land, migrate: 60, shift: 30, archive: 10, retire: 30, check: 10 };
}

// From files to cdktf.out: the same for `landfall` and for cdktf's CLI (main.ts).
import { lstatSync, mkdirSync, readlinkSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { type ClusterStackProps, synthesise } from "../../stacks/index.ts";
import { hash, machineMetadata, poolProfile } from "../kubernetes/index.ts";
import { ensurePki, type PublicPki } from "../pki/index.ts";
import type { Plan } from "../plan/index.ts";
import type { Release } from "../release/index.ts";
import { LandfallError } from "../spec/error.ts";
import { manifests } from "./manifests.ts";
import { findRelease, providerMirror } from "./releases.ts";
import { writeRun } from "./run-record.ts";
import { fromStack, pkiDir, stackDir, stateFile, synthDir, type Workspace } from "./workspace.ts";

/** All that was rendered of one cluster. */
export interface Prepared {
  readonly plan: Plan;
  readonly pki: PublicPki;
  readonly release: Release;
  readonly stack: ClusterStackProps;
}

/** Issues what the cluster's PKI lacks, and renders everything. */
export function prepare(workspace: Workspace, planned: Plan, release: Release, now: Date): Prepared {
  const { cluster } = planned;
  const pki = ensurePki(planned, pkiDir(workspace, cluster), now);
  const relative = (path: string) => fromStack(workspace, cluster, path);
  const { tls } = planned.boot;
  const profile = (pool: Plan["pools"][number]) => {
    const { ignition, ...rest } = poolProfile({ plan: planned, pool, pki, release });
    return { ...rest, rawIgnition: ignition };
  };
  const stack: ClusterStackProps = {
    plan: planned,
    release: release.id,
    addons: hash(JSON.stringify(manifests(planned, release))),
    profiles: Object.fromEntries(planned.pools.map((pool) => [pool.name, profile(pool)])),
    metadata: Object.fromEntries(planned.machines.map((each) => [each.name, machineMetadata(planned, each)])),
    fingerprints: pki.machines,
    paths: {
      root: relative(workspace.root),
      state: relative(stateFile(workspace, cluster)),
      tls: { ca: relative(tls.ca), cert: relative(tls.cert), key: relative(tls.key) },
    },
  };
  return { plan: planned, pki, release, stack };
}

/** Writes stacks, the records that their steps read, and the way to the providers. */
export function writeStacks(workspace: Workspace, clusters: readonly Prepared[]): void {
  synthesise(
    clusters.map(({ stack }) => stack),
    synthDir(workspace),
  );
  for (const { plan, release, pki } of clusters) {
    writeRun(workspace, { plan, release, generation: pki.generation });
    offerProviders(workspace, plan.cluster);
  }
}

/**
 * Terraform looks for providers in `terraform.d/plugins` of the folder that it runs in, before it asks a registry: so
 * the mirror that set-up built is found by cdktf's CLI and by a bare terraform alike, with nothing to configure.
 */
function offerProviders(workspace: Workspace, cluster: string): void {
  const mirror = providerMirror(workspace);
  const folder = join(stackDir(workspace, cluster), "terraform.d");
  const link = join(folder, "plugins");
  const before = lstatSync(link, { throwIfNoEntry: false }) && readlinkSync(link);
  if (before === mirror) return;
  rmSync(folder, { recursive: true, force: true });
  // The lock file pins the bytes of the providers that were used before.
  rmSync(join(stackDir(workspace, cluster), ".terraform.lock.hcl"), { force: true });
  if (mirror === undefined) return;
  mkdirSync(folder, { recursive: true });
  symlinkSync(mirror, link);
}

/** The release that a plan boots. @throws {LandfallError} `release-not-built` */
export function releaseFor(workspace: Workspace, planned: Plan): Release {
  const release = findRelease(workspace, planned.kubernetes);
  if (release !== undefined) return release;
  throw new LandfallError(
    "release-not-built",
    `the release ${planned.kubernetes} of ${planned.cluster} is not built`,
    {
      expected: `its files in ${workspace.cache}`,
      next: `npx landfall release build ${planned.kubernetes}`,
    },
  );
}

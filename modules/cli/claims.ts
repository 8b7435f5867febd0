// Claims as they are kept: a file for each machine of a site. A machine changes hands by one rename, and no command
// overwrites what another has just written of a machine beside it.
import {
  closeSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { type Claim, type Claims, claimed, derive, type Holding } from "../claims/index.ts";
import { readIfThere } from "./files.ts";
import { findRun, type MachineRecord } from "./run-record.ts";
import { claimsDir, runsDir, type Workspace } from "./workspace.ts";

const claimFile = (workspace: Workspace, site: string, machine: string) =>
  join(claimsDir(workspace, site), `${machine}.json`);

/** Who holds which machine of a site: as it is written, or as what was deployed says where nothing is. */
export function readClaims(workspace: Workspace, site: string): Claims {
  const folder = claimsDir(workspace, site);
  const written = namesIn(folder).flatMap((name) => parse(readIfThere(join(folder, name))));
  return derive(written, holdings(workspace, site));
}

export function readClaim(workspace: Workspace, site: string, machine: string): Claim | undefined {
  const written = parse(readIfThere(claimFile(workspace, site, machine)));
  return written[0] ?? readClaims(workspace, site).get(machine);
}

/** The caller holds the machine: see `takeClaim`. */
export function writeClaim(workspace: Workspace, site: string, claim: Claim): void {
  const path = claimFile(workspace, site, claim.machine);
  renameSync(draft(path, claim), path);
}

/**
 * Claims a machine for a cluster, unless it is that already. Of two that do so at the same time one gets it.
 * @throws {LandfallError} `machine-held`
 */
export function takeClaim(
  workspace: Workspace,
  site: string,
  machine: string,
  cluster: string,
  now: Date,
): void {
  const path = claimFile(workspace, site, machine);
  const before = readClaim(workspace, site, machine);
  const claim = claimed(machine, before, cluster, now);
  if (claim === before && readIfThere(path) !== undefined) return;
  const written = draft(path, claim);
  try {
    linkSync(written, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    claimed(machine, readClaim(workspace, site, machine), cluster, now);
  } finally {
    rmSync(written, { force: true });
  }
}

/** Frees a machine that left its cluster, unless it is on its way to another. */
export function dropClaim(workspace: Workspace, site: string, machine: string, cluster: string): void {
  const path = claimFile(workspace, site, machine);
  const [claim] = parse(readIfThere(path));
  if (claim?.holder === cluster && claim.handover === undefined) rmSync(path, { force: true });
}

/** Frees all that the cluster holds besides `kept`, as machines that were claimed and never started. */
export function dropClaims(
  workspace: Workspace,
  site: string,
  cluster: string,
  kept: readonly string[] = [],
): void {
  const keep = new Set(kept);
  for (const machine of readClaims(workspace, site).keys())
    if (!keep.has(machine)) dropClaim(workspace, site, machine, cluster);
}

/** The way of a machine to the cluster is over, if it was on one: it works there. */
export function settleClaim(workspace: Workspace, site: string, machine: string, cluster: string): void {
  const claim = readClaim(workspace, site, machine);
  if (claim?.handover?.to !== cluster || claim.holder !== cluster) return;
  const { handover: _, ...settled } = claim;
  writeClaim(workspace, site, settled);
}

/** For a site that is gone with its disks. */
export function forgetClaims(workspace: Workspace, site: string): void {
  rmSync(claimsDir(workspace, site), { recursive: true, force: true });
}

/** On the disk when it returns: a claim outlives the computer's power. */
function draft(path: string, claim: Claim): string {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const name = `${path}.${process.pid}.tmp`;
  const file = openSync(name, "w", 0o600);
  try {
    writeFileSync(file, `${JSON.stringify(claim)}\n`);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  return name;
}

function parse(text: string | undefined): Claim[] {
  return text === undefined ? [] : [JSON.parse(text) as Claim];
}

function holdings(workspace: Workspace, site: string): Holding[] {
  return folders(runsDir(workspace)).flatMap((cluster) => {
    if (findRun(workspace, cluster)?.plan.site !== site) return [];
    const steps = join(runsDir(workspace), cluster, "steps");
    return namesIn(steps).flatMap((name): Holding[] => {
      const { machine, started } = JSON.parse(readFileSync(join(steps, name), "utf8")) as MachineRecord;
      return [{ cluster, machine: machine.name, started }];
    });
  });
}

function namesIn(folder: string): string[] {
  return folders(folder).filter((name) => name.endsWith(".json"));
}

function folders(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

// A cluster's archive, for `landfall archive` and for what retires a cluster.
import { existsSync, readdirSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { openEtcd, takeArchive, type Written } from "../archive/index.ts";
import { etcdHttpPort } from "../kubernetes/index.ts";
import { etcdCredentials, readEntries } from "../pki/index.ts";
import { knownReleases } from "../release/index.ts";
import { type ArchiveSpec, LandfallError, loadProject, urlHost } from "../spec/index.ts";
import { readIfThere } from "./files.ts";
import { type RunRecord, readRun } from "./run-record.ts";
import { archiveDir, clustersDir, pkiDir, runDir, type Workspace } from "./workspace.ts";

export interface ArchiveOptions {
  readonly workspace: Workspace;
  /** NAME-VERSION of the cluster that is archived; it runs still. */
  readonly cluster: string;
  /** Who can read it. Default: as the files say, see `archiveSpecFor`. */
  readonly spec?: ArchiveSpec;
  /** The file; refused if it is there. Default: one of this landing's own in .landfall/archive, replaced. */
  readonly out?: string;
  readonly now: Date;
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
}

export interface Archived extends Written {
  readonly file: string;
  readonly encrypted: boolean;
}

/** Archives a running cluster; again at any time. Nothing of the cluster is changed. */
export async function archiveCluster(options: ArchiveOptions): Promise<Archived> {
  const { workspace, cluster, now, signal, say } = options;
  const run = readRun(workspace, cluster);
  const { plan, release, generation } = run;
  const recipients = recipientsOf(options.spec ?? archiveSpecFor(workspace, cluster));
  const file = options.out === undefined ? placeOf(workspace, run, recipients) : resolve(options.out);
  if (options.out !== undefined) refuseIfThere(file);
  const store = pkiDir(workspace, cluster);
  const { ca, certificate, key } = etcdCredentials(store);
  const written = await takeArchive({
    subject: { cluster, generation, kubernetes: plan.kubernetes, etcd: release.versions.etcd ?? "unknown" },
    pki: readEntries(store),
    record: recordOf(workspace, cluster),
    recipients,
    out: file,
    now,
    etcd: openEtcd({ ca, cert: certificate, key, proxy: plan.proxy }),
    members: plan.machines
      .filter(({ role }) => role === "master")
      .map(({ name, address }) => ({ name, url: `https://${urlHost(address)}:${etcdHttpPort}` })),
    signal,
    say,
  });
  return { ...written, file, encrypted: recipients !== undefined };
}

/**
 * Who may read the archive of `cluster`: as `replacement.archive` of its own file says; else as that of the versions
 * of the same name says, one of which takes its place.
 * @throws {LandfallError} `archive-recipients-missing`, `archive-recipients-differ`
 */
export function archiveSpecFor(workspace: Workspace, cluster: string): ArchiveSpec {
  const { clusters } = loadProject(clustersDir(workspace), { knownReleases });
  const name =
    clusters.find(({ id }) => id === cluster)?.cluster.name ?? readRun(workspace, cluster).plan.name;
  const family = clusters.filter((each) => each.cluster.name === name);
  const own = family.find(({ id }) => id === cluster)?.cluster.replacement?.archive;
  if (own !== undefined) return own;
  const others = family.flatMap(({ id, cluster: { replacement } }) =>
    replacement?.archive === undefined ? [] : [{ id, spec: replacement.archive }],
  );
  const [first] = others;
  if (first === undefined) throw recipientsMissing(cluster);
  const differs = others.find(({ spec }) => JSON.stringify(spec) !== JSON.stringify(first.spec));
  if (differs === undefined) return first.spec;
  throw new LandfallError(
    "archive-recipients-differ",
    `it is not clear who may read the archive of ${cluster}`,
    {
      found: `one replacement.archive in ${first.id}, another in ${differs.id}`,
      expected: "the same in both, or one in its own file",
      next: `say who: npx landfall archive ${cluster} --recipient age1...`,
    },
  );
}

function recipientsOf({ recipients, encrypt }: ArchiveSpec): readonly string[] | undefined {
  return encrypt === false ? undefined : recipients;
}

function recipientsMissing(cluster: string): LandfallError {
  return new LandfallError(
    "archive-recipients-missing",
    `nobody is named who may read the archive of ${cluster}`,
    {
      found: "no replacement.archive in its file, nor in that of another version of it",
      expected:
        "replacement:\n  archive:\n    recipients: [age1...]   # public keys, one made by: age-keygen -o identity.txt",
      next: "write it, and keep the identity elsewhere; or name one here: --recipient age1...; or, for keys in plain, write encrypt: false",
    },
  );
}

/** Of a landing there is one archive, its latest. */
function placeOf(workspace: Workspace, { plan, generation }: RunRecord, recipients: unknown): string {
  const ending = recipients === undefined ? "tar" : "tar.age";
  return join(archiveDir(workspace), `${plan.cluster}-${generation}.${ending}`);
}

function refuseIfThere(file: string): void {
  if (!existsSync(file)) return;
  throw new LandfallError("archive-exists", `${file} is there already`, {
    expected: "a file that does not exist: no archive is written over another",
    next: "name another one: --out FILE",
  });
}

/** What the cluster was: its plan and release, what was done to its machines, and the files that people wrote. */
function recordOf(workspace: Workspace, cluster: string): ReadonlyMap<string, string> {
  const steps = join(runDir(workspace, cluster), "steps");
  const { clusters } = loadProject(clustersDir(workspace), { knownReleases });
  const written = clusters.find(({ id }) => id === cluster);
  const paths = [
    ["run.json", join(runDir(workspace, cluster), "run.json")],
    ...namesIn(steps).map((name) => [`machines/${name}`, join(steps, name)]),
    ...(written === undefined
      ? []
      : [written.file, written.siteFile].map((file) => [`files/${basename(file)}`, file])),
  ] as const;
  return new Map(
    paths.flatMap(([name, path]) => {
      const text = readIfThere(path!);
      return text === undefined ? [] : [[name!, text] as const];
    }),
  );
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).filter((name) => /^[a-z0-9][-a-z0-9]*\.json$/.test(name));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

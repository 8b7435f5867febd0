// Where the journal of a replacement is, and who may write it.
import { spawnSync } from "node:child_process";
import { closeSync, existsSync, mkdirSync, openSync, readdirSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Journal } from "../../rollout/index.ts";
import { LandfallError } from "../../spec/error.ts";
import { readIfThere, writeAtomic } from "../files.ts";
import { rolloutsDir, type Workspace } from "../workspace.ts";

/** Of the replacement by `version`. */
export const journalFile = (workspace: Workspace, name: string, version: string) =>
  join(rolloutsDir(workspace), name, version, "journal.json");

const lockFile = (workspace: Workspace, name: string) => join(rolloutsDir(workspace), name, "lock");

/** Of all versions of a cluster; not those that were set aside. */
export function readJournals(workspace: Workspace, name: string): readonly Journal[] {
  const folder = join(rolloutsDir(workspace), name);
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .filter((each) => each.isDirectory())
    .flatMap((version) => readJournal(workspace, name, version.name) ?? []);
}

export function readJournal(workspace: Workspace, name: string, version: string): Journal | undefined {
  const text = readIfThere(journalFile(workspace, name, version));
  return text === undefined ? undefined : (JSON.parse(text) as Journal);
}

export function writeJournal(workspace: Workspace, version: string, journal: Journal): void {
  const file = journalFile(workspace, journal.name, version);
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  writeAtomic(file, `${JSON.stringify(journal)}\n`);
}

/** Keeps what was aborted beside the journal that takes its place. */
export function setAside(workspace: Workspace, version: string, { name, started }: Journal): void {
  const file = journalFile(workspace, name, version);
  renameSync(file, join(dirname(file), `journal-${started.replaceAll(":", "-")}.json`));
}

/** Of a lab that is down nothing is kept: what was replaced in it is nowhere any more. */
export function forgetJournals(workspace: Workspace, name: string): void {
  rmSync(join(rolloutsDir(workspace), name), { recursive: true, force: true });
}

/**
 * Runs `work` while this process alone replaces versions of the cluster. The kernel's lock ends with the process.
 * @throws {LandfallError} `rollout-busy`
 */
export async function alone<T>(workspace: Workspace, name: string, work: () => Promise<T>): Promise<T> {
  const file = lockFile(workspace, name);
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const lock = openSync(file, "a", 0o600);
  try {
    // flock(1) locks the file that it inherits, and leaves it locked: Node itself cannot. Those who only look hold it for
    // a moment.
    const { status } = spawnSync("flock", ["--exclusive", "--timeout", "1", "3"], {
      stdio: ["ignore", "ignore", "ignore", lock],
    });
    if (status !== 0) {
      throw new LandfallError("rollout-busy", `another command replaces a version of ${name}`, {
        found: `${file} is held`,
        next: "wait until it has ended, or interrupt it",
      });
    }
    return await work();
  } finally {
    closeSync(lock);
  }
}

/** Whether a process is at work in `alone`: the kernel's lock ends with it. */
export function isBusy(workspace: Workspace, name: string): boolean {
  const file = lockFile(workspace, name);
  if (!existsSync(file)) return false;
  return spawnSync("flock", ["--shared", "--nonblock", file, "true"], { stdio: "ignore" }).status === 1;
}

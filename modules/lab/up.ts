// Brings a lab up, or finds it up.
import { spawn } from "node:child_process";
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { LandfallError } from "../spec/index.ts";
import { type LabConfig, labFiles, planLab } from "./config.ts";
import { controlClient, type LabControl } from "./control.ts";
import { configHash } from "./daemon.ts";
import { takeDown } from "./down.ts";
import { readEvents, type StageEvent } from "./events.ts";
import { withLock } from "./lock.ts";
import { labNames } from "./names.ts";

export interface LabHandle extends LabControl {
  readonly site: string;
  /** Where stages, consoles and disks are. */
  readonly files: ReturnType<typeof labFiles>;
  /** Whether this call brought it up. */
  readonly started: boolean;
  events(): StageEvent[];
}

const daemonProgram = join(import.meta.dirname, "serve.ts");
const upTimeout = 60_000;

/**
 * Brings the lab up and returns when all its services answer. A lab that runs already is reused, and takes in what the
 * site's file has new; one whose daemon died is taken down first (disks and Matchbox's data are kept), and comes up with
 * all machines off.
 * @throws LandfallError `lab-differs`, `machine-on`: it runs and cannot take in the changes; `lab-not-up`, `port-taken`, ...
 */
export async function startLab(config: LabConfig): Promise<LabHandle> {
  planLab(config);
  const files = labFiles(config.stateDir);
  const names = labNames(config.site.name);
  const control = controlClient(names.socket);
  const started = await withLock(names.lock, () => bringUp(config, control));
  return {
    ...control,
    site: config.site.name,
    files,
    started,
    events: () => readEvents(files.events),
  };
}

/** Whether it had to. */
async function bringUp(config: LabConfig, control: LabControl): Promise<boolean> {
  if (daemonOf(config.stateDir) !== undefined) {
    if ((await control.status()).config !== configHash(config)) {
      await control.adopt(config);
      writeConfig(config);
    }
    return false;
  }
  await takeDown(config, { keepDisks: true });
  mkdirSync(config.stateDir, { recursive: true });
  writeConfig(config);
  try {
    await startDaemon(config);
  } catch (error) {
    await takeDown(config, { keepDisks: true });
    throw error;
  }
  return true;
}

function writeConfig(config: LabConfig): void {
  writeFileSync(labFiles(config.stateDir).config, JSON.stringify(config, null, 2), { mode: 0o600 });
}

/** The pid of the lab's daemon, if it runs. */
export function daemonOf(stateDir: string): number | undefined {
  const { pid: file } = labFiles(stateDir);
  if (!existsSync(file)) return undefined;
  const [pid, startTime] = readFileSync(file, "utf8").split(" ");
  return startTime !== undefined && processStartTime(Number(pid)) === startTime ? Number(pid) : undefined;
}

/** Clock ticks since the computer's boot: tells a process from a later one of the same pid. Undefined: it is gone. */
function processStartTime(pid: number): string | undefined {
  try {
    // The name, in brackets, may hold spaces.
    return readFileSync(`/proc/${pid}/stat`, "utf8").replace(/^.*\)/s, "").split(" ")[20];
  } catch {
    return undefined;
  }
}

async function startDaemon(config: LabConfig): Promise<void> {
  const files = labFiles(config.stateDir);
  const log = openSync(files.log, "w", 0o600);
  const child = spawn(
    process.execPath,
    ["--disable-warning=ExperimentalWarning", daemonProgram, files.config],
    {
      cwd: "/",
      detached: true,
      stdio: ["ignore", log, log],
      env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin" },
    },
  );
  closeSync(log);
  child.unref();
  writeFileSync(files.pid, `${child.pid} ${processStartTime(child.pid!)}`);
  const deadline = performance.now() + upTimeout;
  for (;;) {
    const answer = firstAnswer(files.log);
    if (answer?.ready === true) return await answers(config);
    if (answer !== undefined) throw new LandfallError(answer.code, answer.message, answer.details);
    if (child.exitCode !== null || performance.now() > deadline) {
      throw new LandfallError("lab-not-up", "the lab's daemon did not come up", {
        found: readFileSync(files.log, "utf8").trim().slice(-2000) || `exit ${child.exitCode}`,
      });
    }
    await delay(20);
  }
}

interface Failed {
  readonly ready: false;
  readonly code: string;
  readonly message: string;
  readonly details: object;
}

function firstAnswer(log: string): { readonly ready: true } | Failed | undefined {
  const line = readFileSync(log, "utf8")
    .split("\n")
    .slice(0, -1)
    .find((text) => text.startsWith('{"ready":'));
  return line === undefined ? undefined : JSON.parse(line);
}

/** Waits until Matchbox answers through the relay: the last of the chain. */
async function answers(config: LabConfig): Promise<void> {
  const plan = planLab(config);
  const url = `http://127.0.0.1:${plan.http.port}/`;
  const deadline = performance.now() + upTimeout;
  for (;;) {
    try {
      const response = await fetch(url, { signal: AbortSignal.timeout(2000) });
      await response.body?.cancel();
      return;
    } catch (cause) {
      if (performance.now() > deadline) {
        throw new LandfallError("lab-not-up", "Matchbox does not answer through the relay", {
          found: url,
          cause,
        });
      }
      await delay(20);
    }
  }
}

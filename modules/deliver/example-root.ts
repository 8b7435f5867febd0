// A machine's file system in a temporary folder, with a systemctl that writes down what it was asked.
import { execFileSync, spawn, spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const receiver = fileURLToPath(new URL("receive.sh", import.meta.url));

export interface MachineRoot {
  readonly dir: string;
  /** Environment of the receiver. */
  readonly env: Readonly<Record<string, string>>;
  receive(
    command: string | undefined,
    input?: Buffer,
  ): { status: number | null; output: string; errors: string };
  /** Starts it and resolves when it ended, killed after `milliseconds` with all that it started. */
  receiveKilled(command: string, input: Buffer, milliseconds: number): Promise<void>;
  /** Path -> `MODE CONTENTS` of what is in force, or undefined before the first delivery. */
  inForce(): Record<string, string> | undefined;
  systemctl(): string[];
  path(path: string): string;
  remove(): void;
}

export function machineRoot(): MachineRoot {
  const dir = mkdtempSync(join(tmpdir(), "landfall-machine-"));
  const path = (inner: string) => join(dir, inner);
  const log = path("systemctl.log");
  mkdirSync(path("bin"));
  mkdirSync(path("etc/kubernetes"), { recursive: true });
  writeFileSync(path("bin/systemctl"), `#!/bin/sh\necho "$*" >>'${log}'\n`);
  chmodSync(path("bin/systemctl"), 0o755);
  const env = { LANDFALL_ROOT: dir, PATH: `${path("bin")}:/usr/sbin:/usr/bin:/sbin:/bin` };
  const environment = (command: string | undefined) => ({
    ...env,
    ...(command === undefined ? {} : { SSH_ORIGINAL_COMMAND: command }),
  });
  return {
    dir,
    env,
    path,
    receive(command, input = Buffer.alloc(0)) {
      const done = spawnSync("sh", [receiver], { env: environment(command), input, encoding: "utf8" });
      return { status: done.status, output: done.stdout, errors: done.stderr };
    },
    receiveKilled(command, input, milliseconds) {
      const child = spawn("sh", [receiver], {
        env: environment(command),
        stdio: ["pipe", "ignore", "ignore"],
        detached: true,
      });
      const timer = setTimeout(() => process.kill(-(child.pid as number), "SIGKILL"), milliseconds);
      child.stdin.on("error", () => {});
      child.stdin.end(input);
      return new Promise((resolve) => {
        child.once("close", () => {
          clearTimeout(timer);
          resolve();
        });
      });
    },
    inForce() {
      const pki = path("etc/kubernetes/pki");
      if (!existsSync(pki)) return undefined;
      const names = readdirSync(pki, { recursive: true, encoding: "utf8" });
      const files = names.filter((name) => lstatSync(join(pki, name)).isFile() && name !== ".delivered");
      return Object.fromEntries(
        files.toSorted().map((name) => {
          const mode = (lstatSync(join(pki, name)).mode & 0o7777).toString(8);
          return [name, `${mode} ${readFileSync(join(pki, name), "utf8")}`];
        }),
      );
    },
    systemctl: () => (existsSync(log) ? readFileSync(log, "utf8").trimEnd().split("\n") : []),
    remove: () => rmSync(dir, { recursive: true }),
  };
}

/** An archive made by the real tar of `files` (path -> contents) after running `prepare` in their folder. */
export function foreignArchive(prepare: string): Buffer {
  const dir = mkdtempSync(join(tmpdir(), "landfall-archive-"));
  try {
    execFileSync("sh", ["-c", prepare], { cwd: dir });
    return readFileSync(join(dir, "a.tar"));
  } finally {
    rmSync(dir, { recursive: true });
  }
}

// The virtual rack needs root, and then its files are root's: a person who may use sudo need not think of it.
import { spawnSync } from "node:child_process";
import { statSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import { LandfallError } from "../spec/error.ts";
import { childEnv, type Workspace } from "./workspace.ts";

/** Whether the command has to run as root, and does not. */
export function lacksRoot(command: string | undefined, workspace: Workspace): boolean {
  if (process.getuid?.() === 0) return false;
  const owner = statSync(join(workspace.root, ".landfall"), { throwIfNoEntry: false })?.uid;
  return command === "lab" || owner === 0;
}

/** Runs the same command through sudo; resolves to its exit code. */
export function runAsRoot(workspace: Workspace, argv: readonly string[]): number {
  const { PATH, LANDFALL_CACHE } = childEnv(workspace);
  const program = [process.execPath, join(import.meta.dirname, "landfall.mjs"), ...argv];
  // sudo clears the environment: tools are found where they are found now, and one cache serves both.
  const variables = [`PATH=${PATH}`, `LANDFALL_CACHE=${LANDFALL_CACHE}`];
  process.stderr.write("The virtual rack needs root: going on with sudo\n");
  const { status, signal, error } = spawnSync("sudo", ["env", ...variables, ...program], {
    stdio: "inherit",
  });
  if (error) {
    throw new LandfallError("root-needed", "the virtual rack needs root, and there is no sudo", {
      found: error.message,
      next: "run the same command as root",
    });
  }
  return status ?? 128 + constants.signals[signal ?? "SIGTERM"];
}

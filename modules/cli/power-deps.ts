import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { setTimeout } from "node:timers/promises";
import { promisify } from "node:util";
import type { PowerDeps } from "../power/index.ts";
import type { Workspace } from "./workspace.ts";

/** The world, as drivers of power need it. */
export function powerDeps({ env }: Workspace): PowerDeps {
  return {
    fetch: (url, init) => fetch(url, init),
    env,
    readFile: (path) => readFile(path, "utf8"),
    runCommand: async ([program = "", ...args]) => (await promisify(execFile)(program, args)).stdout,
    clock: {
      now: () => performance.now(),
      sleep: (milliseconds, signal) => setTimeout(milliseconds, undefined, signal && { signal }),
    },
  };
}

import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline/promises";
import { setTimeout } from "node:timers/promises";
import type { PowerLimits } from "../plan/index.ts";
import { answers, type PowerDeps, request, runCommand, sendPacket, turns } from "../power/index.ts";
import type { Workspace } from "./workspace.ts";

export interface PowerContext {
  /** Whose breakers are not to trip, and what they bear. Default: nobody's. */
  readonly rack?: { readonly site: string; readonly limits: PowerLimits } | undefined;
  /** Says to a person what to do. Default: on standard error. */
  readonly tell?: (sentence: string) => void;
  /** Whether a person is at the terminal, to say that it is done. Default: false. */
  readonly interactive?: boolean;
}

/** The world, as drivers of power need it. */
export function powerDeps(workspace: Workspace, context: PowerContext = {}): PowerDeps {
  const { rack, interactive = false, tell = (sentence) => process.stderr.write(`${sentence}\n`) } = context;
  return {
    fetch: request,
    env: workspace.env,
    readFile: (path) => readFile(path, "utf8"),
    runCommand,
    sendPacket,
    answers,
    tell,
    confirmed: interactive ? enter : undefined,
    ...(rack === undefined ? {} : { takeTurn: turns(rack.site, rack.limits) }),
    clock: {
      now: () => performance.now(),
      sleep: (milliseconds, signal) => setTimeout(milliseconds, undefined, signal && { signal }),
    },
  };
}

/** One line from the person at the terminal. */
async function enter(signal: AbortSignal): Promise<void> {
  const lines = createInterface({ input: process.stdin });
  try {
    await lines.question("", { signal });
  } finally {
    lines.close();
  }
}

import { proveHealth } from "../health.ts";
import type { StepContext } from "./context.ts";

/** Waits until every health condition holds. */
export async function healthStep({ workspace, run, say, signal }: StepContext): Promise<void> {
  await proveHealth({ workspace, plan: run.plan, signal, say: (line) => say("health", line) });
}

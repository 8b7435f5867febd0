import type { Invocation } from "../main.ts";
import { exit, formatError } from "../output.ts";
import { runStep, type StepTarget } from "../steps/index.ts";
import type { Step } from "../steps/names.ts";
import type { Workspace } from "../workspace.ts";

/** Everything goes to stdout, a failure too: Terraform shows that stream, and repeats it in its error. */
export function stepCommand(
  { workspace, signal }: Invocation,
  step: string,
  target: StepTarget,
): Promise<number> {
  const print = (line: string) => process.stdout.write(`${line}\n`);
  const resource = workspace.env.LANDFALL_RESOURCE;
  return performStep(workspace, step as Step, { ...target, resource }, print, signal);
}

/** Runs a step, and tells of it in lines that say whom they are about. Resolves to the exit code. */
export async function performStep(
  workspace: Workspace,
  step: Step,
  target: StepTarget,
  print: (line: string) => void,
  signal: AbortSignal,
): Promise<number> {
  const say = (who: string, text: string) => {
    for (const line of text.split("\n")) print(`${who}: ${line}`);
  };
  try {
    await runStep(step, target, { workspace, signal, now: () => new Date(), say });
    return exit.ok;
  } catch (error) {
    say(target.machine ?? step, formatError(error, false));
    return signal.aborted ? exit.interrupted : exit.failed;
  }
}

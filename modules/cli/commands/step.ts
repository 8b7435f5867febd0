import type { Invocation } from "../main.ts";
import { exit, formatError } from "../output.ts";
import { runStep, type StepTarget } from "../steps/index.ts";
import type { Step } from "../steps/names.ts";

/**
 * Everything goes to stdout, a failure too: Terraform shows that stream, and repeats it in its error. Every line says
 * whom it is about.
 */
export async function stepCommand(invocation: Invocation, step: string, target: StepTarget): Promise<number> {
  const { workspace, json, signal } = invocation;
  const say = (who: string, text: string) => {
    process.stdout.write(`${text.replace(/^/gm, `${who}: `)}\n`);
  };
  try {
    await runStep(step as Step, target, { workspace, signal, now: () => new Date(), say });
    return exit.ok;
  } catch (error) {
    say(target.machine ?? step, formatError(error, json));
    return signal.aborted ? exit.interrupted : exit.failed;
  }
}

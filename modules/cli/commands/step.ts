import type { Invocation } from "../main.ts";
import { formatError } from "../output.ts";
import { runStep, type StepTarget } from "../steps/index.ts";
import type { Step } from "../steps/names.ts";

/** Everything goes to stdout, a failure too: Terraform shows that stream, and repeats it in its error. */
export async function stepCommand(invocation: Invocation, step: string, target: StepTarget): Promise<number> {
  const { workspace, signal } = invocation;
  try {
    await runStep(step as Step, target, {
      workspace,
      signal,
      now: () => new Date(),
      say: (who, text) => process.stdout.write(`${who}: ${text}\n`),
    });
    return 0;
  } catch (error) {
    process.stdout.write(`${formatError(error, invocation.json)}\n`);
    return signal.aborted ? 130 : 1;
  }
}

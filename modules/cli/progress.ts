// What a deploy shows while it runs: one line for everything that happens to a machine or a part, as it happens.
import type { TerraformEvent } from "./terraform.ts";

export interface Progress {
  /** `who` is a machine, or a part of the cluster. */
  readonly line: (who: string, text: string) => void;
  readonly terraform: (event: TerraformEvent) => void;
}

/** Lines with the seconds since the start. */
export function lineProgress(write: (text: string) => void, elapsed: () => number): Progress {
  const line = (who: string, text: string) => {
    const seconds = elapsed().toFixed(1).padStart(6);
    write(`${seconds} s  ${who.padEnd(10)} ${text}\n`);
  };
  return {
    line,
    terraform: (event) => {
      const shown = describe(event);
      if (shown !== undefined) line(shown.who, shown.text);
    },
  };
}

/** For `--json`. */
export const silent: Progress = { line: () => {}, terraform: () => {} };

/** Lines with the seconds since now; with `--json` there is nothing but the result. */
export function progressOf(
  { json }: { readonly json: boolean },
  write = (text: string): unknown => process.stderr.write(text),
): Progress {
  return json ? silent : lineProgress(write, stopwatch());
}

/** Seconds since now. */
export function stopwatch(): () => number {
  const begun = performance.now();
  return () => (performance.now() - begun) / 1000;
}

function describe({ type, hook }: TerraformEvent): { who: string; text: string } | undefined {
  const address = hook?.resource?.addr;
  if (address === undefined) return undefined;
  if (type === "provision_progress" && hook?.output !== undefined && !hook.output.startsWith("Executing:")) {
    return said(hook.output.trimEnd(), address);
  }
  if (type === "apply_complete" && address.startsWith("matchbox_")) {
    return {
      who: subject(address),
      text: `${hook?.action === "delete" ? "forgotten by" : "known to"} the boot service`,
    };
  }
  return undefined;
}

/** Steps begin their lines with whom they are about. */
function said(output: string, address: string): { who: string; text: string } | undefined {
  if (output === "") return undefined;
  const named = /^([a-z0-9][-a-z0-9]*): (.*)$/s.exec(output);
  return named ? { who: named[1]!, text: named[2]! } : { who: subject(address), text: output };
}

/** `matchbox_group.machine["w1"]` is about w1, `null_resource.power-w1` too. */
function subject(address: string): string {
  return /\["(.*)"\]$/.exec(address)?.[1] ?? address.replace(/^.*?\.(power-|deliver-|profile-)?/, "");
}

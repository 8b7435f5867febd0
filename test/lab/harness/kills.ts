// Kills a deploy at a random moment, as a person, an OOM killer or a crash would, and lets it be run again.
import { setTimeout as delay } from "node:timers/promises";
import { pids, read } from "./computer.ts";
import { eventually } from "./eventually.ts";
import type { Rack } from "./rack.ts";

/** Which process: the command itself, or the Terraform that it runs. */
export type Victim = "landfall" | "terraform";

export interface Kill {
  readonly victim: Victim;
  /** Seconds after the victim's start. */
  readonly after: number;
  /** What the deploy had just said. */
  readonly at: string;
}

/**
 * Deploys, and kills the victim after `after` seconds. Returns undefined if the deploy had ended before.
 * @throws Error if a deploy whose Terraform was killed ends as if nothing had happened.
 */
export async function killDeploy(
  rack: Rack,
  cluster: string,
  victim: Victim,
  after: number,
): Promise<Kill | undefined> {
  const deploy = rack.startLandfall("deploy", cluster);
  let over = false;
  const ended = deploy.ended.finally(() => {
    over = true;
  });
  const find = () => (victim === "landfall" ? deploy.pid : terraformOf(deploy.pid));
  const pid = await eventually(`the process ${victim}`, 60, async () => (over ? 0 : find()), 20);
  await Promise.race([delay(after * 1000), ended]);
  // Terraform runs several times in a deploy: the one that is there now.
  const now = over ? undefined : (find() ?? pid);
  if (now === undefined || now === 0) return undefined;
  try {
    process.kill(now, "SIGKILL");
  } catch {
    return undefined; // it ended in the meantime
  }
  const { exitCode, output } = await ended;
  if (exitCode === 0) throw new Error(`${victim} was killed, and the deploy ended well:\n${output}`);
  const said = output.split("\n").filter((line) => /^ +\d+\.\d s/.test(line));
  return { victim, after, at: said.at(-1)?.trim() ?? "nothing said yet" };
}

/** The Terraform that a command has just now, if any. */
function terraformOf(command: number): number | undefined {
  return pids().find((pid) => {
    const stat = read(`/proc/${pid}/stat`);
    const [state, parent] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return stat.includes("(terraform)") && state !== "Z" && Number(parent) === command;
  });
}

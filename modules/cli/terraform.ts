// Runs Terraform in a stack's folder. It leads a process group of its own: an interrupt reaches it once and from here
// (the terminal would send it a second one, at which it gives up its work), and nothing of the group outlives a command.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createInterface } from "node:readline";
import { LandfallError } from "../spec/error.ts";
import { holdsWithin, signalGroup } from "./processes.ts";
import { childEnv, stackDir, type Workspace } from "./workspace.ts";

/** A line of `terraform ... -json`, the fields that are used here. */
export interface TerraformEvent {
  readonly type: string;
  readonly "@message"?: string;
  readonly hook?: {
    readonly resource?: { readonly addr: string };
    readonly action?: string;
    readonly output?: string;
    readonly elapsed_seconds?: number;
  };
  readonly change?: { readonly resource: { readonly addr: string }; readonly action: string };
  readonly changes?: { readonly add: number; readonly change: number; readonly remove: number };
  readonly diagnostic?: {
    readonly severity: string;
    readonly summary: string;
    readonly detail?: string;
    readonly address?: string;
  };
}

export interface TerraformRun {
  readonly onEvent?: (event: TerraformEvent) => void;
  readonly onStart?: (pid: number) => void;
  /** Aborted once: Terraform is interrupted, saves its state, and ends. */
  readonly signal?: AbortSignal;
}

export interface TerraformResult {
  readonly code: number;
  readonly diagnostics: readonly NonNullable<TerraformEvent["diagnostic"]>[];
  /** What it printed that was no event. */
  readonly text: string;
  /** All that it printed to its standard output. */
  readonly output: string;
}

/** Runs `terraform ARGS...`; a failure is a result, not an exception. */
export async function terraform(
  workspace: Workspace,
  cluster: string,
  args: readonly string[],
  { onEvent, onStart, signal }: TerraformRun = {},
): Promise<TerraformResult> {
  const child = spawn(workspace.env.TERRAFORM_BINARY_NAME ?? "terraform", args, {
    cwd: stackDir(workspace, cluster),
    env: terraformEnv(workspace),
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  const ended = new Promise<number>((resolve, reject) => {
    child.once("error", (error) => reject(notRunnable(error)));
    child.once("exit", (code, killed) => resolve(killed ? 128 : (code ?? 1)));
  });
  if (child.pid === undefined) return ended as Promise<never>;
  const leader = child.pid;
  onStart?.(leader);
  const interrupt = () => signalGroupLeader(leader);
  if (signal?.aborted) interrupt();
  signal?.addEventListener("abort", interrupt, { once: true });

  const diagnostics: NonNullable<TerraformEvent["diagnostic"]>[] = [];
  const text: string[] = [];
  const read = (line: string) => {
    const event = parse(line);
    if (event === undefined) {
      text.push(line);
      return;
    }
    if (event.diagnostic !== undefined) diagnostics.push(event.diagnostic);
    onEvent?.(event);
  };
  const output: string[] = [];
  createInterface({ input: child.stdout }).on("line", (line) => {
    output.push(line);
    read(line);
  });
  createInterface({ input: child.stderr }).on("line", read);
  const closed = new Promise<void>((resolve) => child.once("close", () => resolve()));
  try {
    const code = await ended;
    // Steps and provider plugins of a Terraform that was killed still run, and hold its pipes open.
    await endGroup(leader);
    await closed;
    return { code, diagnostics, text: text.join("\n"), output: output.join("\n") };
  } finally {
    signal?.removeEventListener("abort", interrupt);
  }
}

/** Ends what is left of a process group, kindly at first. */
export async function endGroup(leader: number): Promise<void> {
  if (!signalGroup(leader, "SIGTERM")) return;
  if (await holdsWithin(5_000, () => !signalGroup(leader, 0))) return;
  signalGroup(leader, "SIGKILL");
}

function signalGroupLeader(leader: number): void {
  try {
    process.kill(leader, "SIGINT");
  } catch {
    // It has ended already.
  }
}

function terraformEnv(workspace: Workspace): NodeJS.ProcessEnv {
  const env = { ...childEnv(workspace), CHECKPOINT_DISABLE: "1", TF_IN_AUTOMATION: "1", TF_INPUT: "0" };
  // A configuration file that is named but not there is a warning in every run, and nothing else.
  const { TF_CLI_CONFIG_FILE: config, ...rest } = env as NodeJS.ProcessEnv;
  return config !== undefined && existsSync(config) ? env : rest;
}

function parse(line: string): TerraformEvent | undefined {
  if (!line.startsWith("{")) return undefined;
  try {
    const event = JSON.parse(line) as TerraformEvent;
    return typeof event.type === "string" ? event : undefined;
  } catch {
    return undefined;
  }
}

function notRunnable(cause: Error): LandfallError {
  return new LandfallError("terraform-missing", `terraform cannot be run: ${cause.message}`, {
    expected: "Terraform 1.5 or later on the PATH (or OpenTofu, with TERRAFORM_BINARY_NAME=tofu)",
    next: "install it: https://developer.hashicorp.com/terraform/install",
    cause,
  });
}

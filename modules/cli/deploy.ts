// Terraform's part of `landfall deploy`, `destroy` and `plan`: on the same stacks and the same state as cdktf's CLI.
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import type { Plan } from "../plan/index.ts";
import { LandfallError } from "../spec/error.ts";
import type { Progress } from "./progress.ts";
import { mendState, takeCluster } from "./state.ts";
import { databaseOf, mendDatabaseState } from "./state-database.ts";
import { type ServeStep, serveSteps } from "./step-server.ts";
import { type TerraformEvent, type TerraformResult, terraform } from "./terraform.ts";
import { stateFile, type Workspace } from "./workspace.ts";

/** The stack must have been written: see synth.ts. */
export interface TerraformOptions {
  readonly workspace: Workspace;
  readonly cluster: string;
  /** How many machines the cluster has. */
  readonly machines: number;
  readonly progress: Progress;
  /** Aborted by the first interrupt. */
  readonly signal: AbortSignal;
  /** Where the cluster's state is, as its plan says. Default: local. */
  readonly state?: Plan["state"] | undefined;
  /** Runs steps in this process. Default: each is a process of its own, as under cdktf's CLI. */
  readonly serve?: ServeStep;
}

export interface Changes {
  readonly add: number;
  readonly change: number;
  readonly remove: number;
}

export interface Applied {
  readonly changes: Changes;
  /** Whether the health step was one of them: then it has just been proven. */
  readonly proven: boolean;
}

export interface PlannedChange {
  /** As null_resource.power-w1. */
  readonly address: string;
  /** create, update, replace or delete. */
  readonly action: string;
}

/**
 * Makes real what the stack says, until Terraform finds nothing more to do. Interrupted or killed at any moment, the
 * same call goes on.
 */
export function apply(options: TerraformOptions): Promise<Applied> {
  return withCluster(options, async (run) => {
    let proven = false;
    const changes = await run(["apply", "-auto-approve", parallelism(options)], ({ type, hook }) => {
      proven ||= type === "apply_complete" && hook?.resource?.addr === "null_resource.health";
    });
    const left = await planned(run);
    if (left.length === 0) return { changes, proven };
    // A Terraform that ended well has still not always done everything.
    throw new LandfallError(
      "not-converged",
      `${options.cluster} is deployed, and Terraform finds something more to do`,
      {
        found: left.map(({ action, address }) => `${action} ${address}`).join(", "),
        expected: "no changes",
        next: `npx landfall deploy ${options.cluster}; if the same is left then, something else writes to the boot service`,
      },
    );
  });
}

/** Undoes all of it, machine by machine, the cluster itself last. */
export function destroy(options: TerraformOptions): Promise<Changes> {
  return withCluster(options, (run) => run(["destroy", "-auto-approve", parallelism(options)]));
}

/** What an apply would do. */
export function diff(options: TerraformOptions): Promise<readonly PlannedChange[]> {
  return withCluster(options, planned);
}

async function planned(run: Run): Promise<readonly PlannedChange[]> {
  const changes: PlannedChange[] = [];
  await run(["plan"], ({ type, change }) => {
    if (type === "planned_change" && change)
      changes.push({ address: change.resource.addr, action: change.action });
  });
  return changes;
}

type Run = (args: readonly string[], onEvent?: (event: TerraformEvent) => void) => Promise<Changes>;

async function withCluster<T>(options: TerraformOptions, work: (run: Run) => Promise<T>): Promise<T> {
  const { cluster, progress, signal, serve, state = "local" } = options;
  if (state === "pg") databaseOf(options.workspace);
  const say = (line: string) => progress.line("landfall", line);
  const owner = await takeCluster(options.workspace, cluster, say);
  const steps = serve && (await serveSteps(options.workspace, cluster, serve));
  const workspace = withSteps(options.workspace, steps?.socket);
  try {
    if (state === "local") {
      mkdirSync(dirname(stateFile(workspace, cluster)), { recursive: true, mode: 0o700 });
      mendState(workspace, cluster, say);
    }
    const execute = async (args: readonly string[], onEvent: (event: TerraformEvent) => void) => {
      const result = await terraform(workspace, cluster, args, { onEvent, onStart: owner.started, signal });
      if (signal.aborted) throw interrupted(cluster);
      return result;
    };
    const run = async (...args: readonly string[]) => {
      const result = await execute(args, () => {});
      if (result.code !== 0) throw failed(cluster, args[0] ?? "", result);
      return result.output;
    };
    // Where the state was before is no question to Terraform: `mendDatabaseState` sees to it.
    await run("init", "-input=false", "-no-color", ...(state === "pg" ? ["-reconfigure"] : []));
    if (state === "pg") await mendDatabaseState({ workspace, cluster, run, say });
    return await work(async (args, onEvent) => {
      let changes: Changes = { add: 0, change: 0, remove: 0 };
      const result = await execute([...args, "-json", "-input=false"], (event) => {
        if (event.type === "change_summary" && event.changes) changes = event.changes;
        progress.terraform(event);
        onEvent?.(event);
      });
      if (result.code !== 0) throw failed(cluster, args[0] ?? "", result);
      return changes;
    });
  } finally {
    steps?.close();
    owner.release();
  }
}

function withSteps(workspace: Workspace, socket: string | undefined): Workspace {
  return socket === undefined
    ? workspace
    : { ...workspace, env: { ...workspace.env, LANDFALL_STEPS: socket } };
}

/** Machines must not wait for each other: all are under way at once, and what is not about a machine besides. */
function parallelism({ machines }: TerraformOptions): string {
  return `-parallelism=${machines + 8}`;
}

function failed(cluster: string, what: string, { code, diagnostics, text }: TerraformResult): LandfallError {
  const errors = diagnostics.filter(({ severity }) => severity === "error");
  const found = errors.map(describe).join("\n") || text.trim() || `exit code ${code}`;
  const command = what === "destroy" ? "destroy" : "deploy";
  if (found.includes("Error acquiring the state lock")) return locked(cluster, command, found);
  return new LandfallError("deploy-failed", `${cluster}: terraform ${what} failed`, {
    found,
    next: `mend what is named above, then: npx landfall ${command} ${cluster}. It goes on from here.`,
  });
}

/** Terraform says who holds it in lines as `Who: root@deployer`. */
function locked(cluster: string, command: string, found: string): LandfallError {
  const said = (field: string) => new RegExp(`^[\\s│]*${field}:\\s*(\\S.*)$`, "m").exec(found)?.[1];
  const [who, operation, since] = ["Who", "Operation", "Created"].map(said);
  return new LandfallError("state-locked", `another deploy works on ${cluster}`, {
    found: who === undefined ? found : `${who}, ${operation}, since ${since}`,
    next: `wait until it has ended, then: npx landfall ${command} ${cluster}`,
  });
}

/** Of a step that failed, its own error (see commands/step.ts), which Terraform wraps in words of its own. */
function describe({ summary, detail, address }: TerraformResult["diagnostics"][number]): string {
  const said = /\. Output: (.*)$/s.exec(detail ?? "")?.[1]?.trim();
  const error = said?.slice(said.search(/^[^ ]+: error: /m)).replaceAll("error: ", "");
  return error ?? [address, summary, detail].filter(Boolean).join(": ");
}

function interrupted(cluster: string): LandfallError {
  return new LandfallError("interrupted", `${cluster}: interrupted; everything done so far is kept`, {
    next: "run the same command again, and it goes on from here",
  });
}

// The command line: what there is, and how it ends. Each command's code is loaded when it is called.
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { Command, CommanderError } from "commander";
import { LandfallError } from "../spec/error.ts";
import { exit, formatError } from "./output.ts";
import { lacksRoot, runAsRoot } from "./privileges.ts";
import { addCommands } from "./program.ts";
import { openWorkspace, type Workspace } from "./workspace.ts";

/** What every command is given. */
export interface Invocation {
  readonly workspace: Workspace;
  readonly json: boolean;
  /** Aborted by the first SIGINT or SIGTERM; the second one ends the process as it stands. */
  readonly signal: AbortSignal;
}

/** Runs the command and resolves to the exit code: 0 done, 1 failed, 2 wrong usage, 130 interrupted. */
export async function main(argv: readonly string[], packageRoot: string): Promise<number> {
  const interruption = onInterrupt();
  const program = new Command("landfall")
    .description("Lands Kubernetes clusters on racks of powered-off machines.")
    .option("--json", "print the result as JSON, and nothing else, on stdout")
    .option(
      "--cache <dir>",
      "where built releases and tools are kept (default: ~/.cache/landfall, or LANDFALL_CACHE)",
    )
    .configureHelp({ showGlobalOptions: true })
    .exitOverride()
    .addHelpText("after", "\nExit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted.\n");
  let code: number = exit.ok;
  const host = {
    invocation: () => {
      const { json = false, cache } = program.opts<{ json?: boolean; cache?: string }>();
      const root = projectRoot(process.cwd()) ?? packageRoot;
      return { workspace: openWorkspace(root, process.env, cache), json, signal: interruption };
    },
    exitWith: (value: number) => {
      code = value;
    },
  };
  addCommands(program, host);
  try {
    const command = argv.find((word) => !word.startsWith("-"));
    const { workspace } = host.invocation();
    if (lacksRoot(command, workspace) && !argv.includes("--help")) return runAsRoot(workspace, argv);
    await program.parseAsync([...argv], { from: "user" });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exit.ok : exit.usage;
    const json = argv.includes("--json");
    process[json ? "stdout" : "stderr"].write(`${formatError(error, json)}\n`);
    if (interruption.aborted) return exit.interrupted;
    return error instanceof LandfallError && error.code === "usage" ? exit.usage : exit.failed;
  }
}

/** The nearest folder upwards that holds a project. */
function projectRoot(from: string): string | undefined {
  if (existsSync(join(from, "cdktf.json"))) return from;
  return dirname(from) === from ? undefined : projectRoot(dirname(from));
}

function onInterrupt(): AbortSignal {
  const controller = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    process.on(name, () => {
      if (controller.signal.aborted) process.exit(exit.interrupted);
      controller.abort(new LandfallError("interrupted", "interrupted"));
    });
  }
  return controller.signal;
}

// Terraform's state in PostgreSQL: the same care as for its file, through Terraform's own commands, under its own lock.
import { renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Client } from "pg";
import { stateSchema } from "../../stacks/index.ts";
import { LandfallError } from "../spec/error.ts";
import { readIfThere, writeAtomic } from "./files.ts";
import { forgetStateFile, type State, taintCutShort } from "./state.ts";
import { runDir, stateFile, type Workspace } from "./workspace.ts";

export interface DatabaseState {
  readonly workspace: Workspace;
  readonly cluster: string;
  /** Runs Terraform in the stack's folder, which is initialised; its standard output. */
  readonly run: (...args: readonly string[]) => Promise<string>;
  readonly say: (line: string) => void;
}

/**
 * Connection string, from the environment and nowhere else.
 * @throws {LandfallError} `state-database-unknown`
 */
export function databaseOf({ env }: Workspace): string {
  const connection = env.PG_CONN_STR;
  if (connection) return connection;
  throw new LandfallError(
    "state-database-unknown",
    "Terraform's state is in PostgreSQL, and nobody says where",
    {
      found: "no PG_CONN_STR in the environment",
      expected: "a connection string, as postgres://landfall@db/landfall",
      next: "export PG_CONN_STR, and run the same command again",
    },
  );
}

/**
 * What `mendState` does for a file: steps of a Terraform that was killed are done again. And a state that was in a file
 * until the site said otherwise is moved, once: Terraform would else make everything anew.
 * @throws {LandfallError} `state-twice` where both hold something.
 */
export async function mendDatabaseState(options: DatabaseState): Promise<void> {
  const { workspace, cluster, run, say } = options;
  const state = stateOf(await run("state", "pull"));
  const file = stateFile(workspace, cluster);
  const text = readIfThere(file);
  if (text !== undefined && holdsSomething(stateOf(text))) {
    if (holdsSomething(state)) {
      throw new LandfallError(
        "state-twice",
        `${cluster} has a state in PostgreSQL, and another one in a file`,
        {
          found: file,
          expected: "one of them",
          next: "see which is right (terraform state list); move the file away, or drop the schema",
        },
      );
    }
    await run("state", "push", file);
    renameSync(file, `${file}.moved`);
    say(`the state of ${cluster} is moved to PostgreSQL (kept as ${file}.moved)`);
    return mendDatabaseState(options);
  }
  if (state === undefined) return;
  const cut = taintCutShort(workspace, cluster, state);
  if (cut.length === 0) return;
  const mended = join(runDir(workspace, cluster), "mended.tfstate");
  writeAtomic(mended, JSON.stringify({ ...state, serial: state.serial + 1 }, null, 2));
  try {
    // Terraform refuses it where another one has written meanwhile.
    await run("state", "push", mended);
  } finally {
    rmSync(mended, { force: true });
  }
  say(`an earlier deploy was cut short in ${cut.join(", ")}: doing it again`);
}

/** For what is gone by other means than a destroy. */
export async function forgetState(
  workspace: Workspace,
  cluster: string,
  where: "local" | "pg",
): Promise<void> {
  forgetStateFile(workspace, cluster);
  if (where === "local") return;
  const client = new Client({ connectionString: databaseOf(workspace), connectionTimeoutMillis: 5_000 });
  try {
    await client.connect();
    await client.query(`drop schema if exists ${client.escapeIdentifier(stateSchema(cluster))} cascade`);
  } catch (cause) {
    throw new LandfallError("state-database", `the state of ${cluster} cannot be removed from PostgreSQL`, {
      found: cause instanceof Error ? cause.message : String(cause),
      next: `see to the database, then: drop schema "${stateSchema(cluster)}" cascade`,
      cause,
    });
  } finally {
    await client.end().catch(() => {});
  }
}

function stateOf(text: string): State | undefined {
  return text.trim() === "" ? undefined : (JSON.parse(text) as State);
}

function holdsSomething(state: State | undefined): boolean {
  return (state?.resources ?? []).length > 0;
}

import type { CredentialsPlan } from "../plan/index.ts";
import { LandfallError } from "../spec/index.ts";
import type { PowerDeps } from "./types.ts";

export interface Account {
  readonly user: string;
  readonly password: string;
}

/** Reads `user:password` from where the site's file says. */
export async function accountOf(
  { file, env, command }: CredentialsPlan,
  deps: Pick<PowerDeps, "env" | "readFile" | "runCommand">,
): Promise<Account> {
  const [where, secret] =
    file !== undefined
      ? [`the file ${file}`, await attempt(() => deps.readFile(file))]
      : env !== undefined
        ? [`the environment variable ${env}`, deps.env[env]]
        : [`the command ${command?.[0]}`, await attempt(() => deps.runCommand(command ?? []))];
  const [, user, password] = /^([^:\s][^:\r\n]*):([^\r\n]+)$/.exec(secret?.trim() ?? "") ?? [];
  if (user === undefined || password === undefined)
    // The text itself is never shown, whatever it is.
    throw new LandfallError("bmc-credentials", `no credentials for the BMC from ${where}`, {
      found: secret === undefined ? "nothing that can be read" : "text of another form",
      expected: "one line, user:password",
      next: `put them there: ${where}`,
    });
  return { user, password };
}

/** Errors of a command may carry its output: they are dropped. */
async function attempt(read: () => Promise<string>): Promise<string | undefined> {
  try {
    return await read();
  } catch {
    return undefined;
  }
}

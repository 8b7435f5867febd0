import type { BmcPlan } from "../plan/index.ts";
import { LandfallError } from "../spec/index.ts";
import type { PowerDeps } from "./types.ts";

/** Value of the Authorization header, or undefined for a controller without credentials. */
export async function authorization(
  bmc: BmcPlan,
  deps: Pick<PowerDeps, "env" | "readFile" | "runCommand">,
): Promise<string | undefined> {
  const { credentials } = bmc;
  if (credentials === undefined) return undefined;
  const { file, env, command } = credentials;
  const [where, secret] =
    file !== undefined
      ? [`the file ${file}`, await attempt(() => deps.readFile(file))]
      : env !== undefined
        ? [`the environment variable ${env}`, deps.env[env]]
        : [`the command ${command?.[0]}`, await attempt(() => deps.runCommand(command ?? []))];
  const trimmed = secret?.trim();
  if (trimmed === undefined || !/^[^:\s][^:\r\n]*:[^\r\n]+$/.test(trimmed))
    // The text itself is never shown, whatever it is.
    throw new LandfallError("bmc-credentials", `no credentials for the BMC from ${where}`, {
      found: secret === undefined ? "nothing that can be read" : "text of another form",
      expected: "one line, user:password",
      next: `put them there: ${where}`,
    });
  return `Basic ${Buffer.from(trimmed).toString("base64")}`;
}

/** Errors of a command may carry its output: they are dropped. */
async function attempt(read: () => Promise<string>): Promise<string | undefined> {
  try {
    return await read();
  } catch {
    return undefined;
  }
}

// A TSIG key (RFC 8945), from where the cluster's file says.
import { LandfallError } from "../spec/error.ts";
import type { KeySource } from "./plan.ts";
import type { TrafficDeps } from "./types.ts";

export interface TsigKey {
  readonly algorithm: string;
  readonly name: string;
  /** base64 */
  readonly secret: string;
}

const algorithms = ["hmac-sha224", "hmac-sha256", "hmac-sha384", "hmac-sha512", "hmac-sha1", "hmac-md5"];

/** @throws {LandfallError} `dns-key`, which never shows what was read */
export async function tsigKey(
  { file, env, command }: KeySource,
  deps: Pick<TrafficDeps, "env" | "readFile" | "runCommand">,
): Promise<TsigKey> {
  const [where, text] =
    file !== undefined
      ? [`the file ${file}`, await attempt(() => deps.readFile(file))]
      : env !== undefined
        ? [`the environment variable ${env}`, deps.env[env]]
        : [
            `the command ${command?.argv[0]}`,
            await attempt(() => deps.runCommand(command?.argv ?? [], { folder: command?.folder })),
          ];
  const key = text === undefined ? undefined : parseTsigKey(text);
  if (key !== undefined) return key;
  throw new LandfallError("dns-key", `no TSIG key from ${where}`, {
    found: text === undefined ? "nothing that can be read" : "text of another form",
    expected: "what tsig-keygen prints, or ALGORITHM:NAME:SECRET",
    next: `put it there: ${where}`,
  });
}

/**
 * Of `key "NAME" { algorithm A; secret "S"; };` as BIND has it, or `A:NAME:S`. What comes out of here holds no character
 * that could end a line of nsupdate's.
 */
export function parseTsigKey(text: string): TsigKey | undefined {
  const block = /^\s*key\s+"?([^"\s{]+)"?\s*\{([^}]*)\}\s*;?\s*$/.exec(
    text.replaceAll(/(?:#|\/\/)[^\n]*/g, ""),
  );
  const [algorithm, name, secret, ...more] =
    block === null
      ? text.trim().split(":")
      : [
          /\balgorithm\s+"?([A-Za-z0-9-]+)"?\s*;/.exec(block[2]!)?.[1],
          block[1],
          /\bsecret\s+("[^"]*"|[^"\s;]+)\s*;/.exec(block[2]!)?.[1]?.replaceAll('"', ""),
        ];
  if (more.length > 0 || algorithm === undefined || name === undefined || secret === undefined)
    return undefined;
  const known = algorithms.includes(algorithm.toLowerCase());
  const fits = /^[A-Za-z0-9._-]{1,255}$/.test(name) && /^[A-Za-z0-9+/]{4,}={0,2}$/.test(secret);
  return known && fits ? { algorithm: algorithm.toLowerCase(), name, secret } : undefined;
}

/** Errors of a command may carry its output: they are dropped. */
async function attempt(read: () => Promise<string>): Promise<string | undefined> {
  try {
    return await read();
  } catch {
    return undefined;
  }
}

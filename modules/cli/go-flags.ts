// Command lines as Go's flag package reads them, so that a unit file written for Matchbox starts Landfall's service too.
import { LandfallError } from "../spec/error.ts";

export interface FlagSpec {
  readonly help: string;
  readonly default: string;
  /** Takes no value, or one after `=`. */
  readonly boolean?: true;
  /** Where its value is looked for when it is not given. */
  readonly env: string;
}

/**
 * `-name=value`, `--name value`, `-boolean`; what is not given comes from the environment, else it is the default.
 * @throws {LandfallError} `usage`
 */
export function parseFlags<N extends string>(
  specs: Readonly<Record<N, FlagSpec>>,
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Record<N, string> {
  const given = new Map<string, string>();
  const rest = [...argv];
  while (rest.length > 0) {
    const word = rest.shift()!;
    const match = /^--?([^-=][^=]*)(?:=(.*))?$/s.exec(word);
    if (match === null) throw usage(`unexpected ${word}`, word, "flags, as -address=127.0.0.1:8080");
    const name = match[1]!;
    const spec = Object.hasOwn(specs, name) ? specs[name as N] : undefined;
    if (spec === undefined)
      throw usage(
        `unknown flag -${name}`,
        word,
        Object.keys(specs)
          .map((each) => `-${each}`)
          .join(", "),
      );
    const value = match[2] ?? (spec.boolean ? "true" : rest.shift());
    if (value === undefined) throw usage(`-${name} needs a value`, word, spec.help);
    if (spec.boolean && parseBoolean(value) === undefined)
      throw usage(`-${name} is on or off`, value, "true or false");
    given.set(name, value);
  }
  const entries = Object.entries<FlagSpec>(specs).map(([name, spec]) => {
    // An empty variable counts as none.
    const value = given.get(name) ?? (env[spec.env] || spec.default);
    return [name, spec.boolean ? String(parseBoolean(value) ?? false) : value];
  });
  return Object.fromEntries(entries);
}

export function describeFlags(specs: Readonly<Record<string, FlagSpec>>): string {
  return Object.entries(specs)
    .map(([name, { help, default: value, env }]) => {
      const shown = value === "" || value === "false" ? "" : ` (default: ${value})`;
      return `  -${name}\n      ${help}${shown}; ${env}`;
    })
    .join("\n");
}

function parseBoolean(text: string): boolean | undefined {
  if (/^(?:1|t|T|TRUE|true|True)$/.test(text)) return true;
  return /^(?:0|f|F|FALSE|false|False)$/.test(text) ? false : undefined;
}

function usage(message: string, found: string, expected: string): LandfallError {
  return new LandfallError("usage", message, { found, expected, next: "npx landfall boot serve --help" });
}

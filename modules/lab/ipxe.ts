// iPXE scripts as boot services write them: strict, so that a script which true firmware might not run fails here as well.
// https://ipxe.org/scripting
import { LandfallError } from "../spec/index.ts";

export interface BootTarget {
  readonly kernel: string;
  /** The kernel's arguments, expanded. */
  readonly args: string;
  readonly initrds: readonly string[];
}

/** Settings by name, as `mac`, `uuid`, `buildarch`; unknown ones expand to nothing, as in iPXE. */
export type Settings = Readonly<Record<string, string>>;

const commands = [
  "chain",
  "kernel",
  "initrd",
  "boot",
  "set",
  "echo",
  "iseq",
  "goto",
  "sanboot",
  "exit",
  ":label",
] as const;

export interface Command {
  readonly line: number;
  readonly name: (typeof commands)[number];
  /** Unexpanded. */
  readonly args: readonly string[];
  /** Runs only after a success (`&&`) or a failure (`||`) of the command before it on its line. */
  readonly after?: "&&" | "||";
  /** Whether the line goes on: what fails here does not end the script. */
  readonly forgiven?: true;
}

const maximumChain = 16;

/** @throws LandfallError `ipxe-script`: not a script, or a command that is not known. */
export function parseIpxe(text: string): Command[] {
  const lines = text.split(/\r?\n/);
  if (lines[0]?.trim() !== "#!ipxe") {
    throw new LandfallError("ipxe-script", "not an iPXE script", {
      found: lines[0]?.slice(0, 80) ?? "",
      expected: "#!ipxe",
    });
  }
  return lines.flatMap((raw, index) => {
    const line = raw.trim();
    if (line === "" || line.startsWith("#")) return [];
    if (line.startsWith(":")) return [{ line: index + 1, name: ":label", args: [line.slice(1)] }];
    return parseLine(line, index + 1);
  });
}

/** `command && command || command`, of which the last may be empty: a success. */
function parseLine(line: string, number: number): Command[] {
  const parts = line.split(/\s+(&&|\|\|)(?:\s+|$)/);
  return parts.flatMap((text, at): Command[] => {
    if (at % 2 === 1) return [];
    const after = parts[at - 1] as "&&" | "||" | undefined;
    if (text === "" && after !== undefined && at === parts.length - 1) return [];
    const [name, ...args] = text.split(/\s+/);
    const known = commands.find((command) => command === name);
    if (known === undefined) {
      throw new LandfallError("ipxe-script", `line ${number}: unknown command`, {
        found: text.slice(0, 80),
        expected: commands.join(", "),
      });
    }
    return [
      {
        line: number,
        name: known,
        args,
        ...(after !== undefined && { after }),
        ...(at < parts.length - 1 && { forgiven: true as const }),
      },
    ];
  });
}

/** @throws LandfallError `ipxe-script`: a format that is not known. */
export function expand(text: string, settings: Settings): string {
  return text.replaceAll(/\$\{([^}:]+)(?::([^}]*))?\}/g, (_, name: string, format: string | undefined) => {
    const setting = name.replace(/^net0\//, "");
    const value = (Object.hasOwn(settings, setting) ? settings[setting] : undefined) ?? "";
    switch (format) {
      case undefined:
      case "string":
        return value;
      case "uristring":
        return encodeURIComponent(value);
      case "hex":
        return value.toLowerCase();
      case "hexhyp":
        return value.toLowerCase().replaceAll(":", "-");
      case "hexraw":
        return value.toLowerCase().replaceAll(":", "");
      default:
        throw new LandfallError("ipxe-script", `unknown format of \${${name}}`, {
          found: format,
          expected: "string, uristring, hex, hexhyp, hexraw",
        });
    }
  });
}

/** What a script ends with: something to boot, or the machine's own disk (`sanboot`, `exit`). */
export type Booted = BootTarget | "disk";

/**
 * Runs the script at `url` and what it chains, until one says `boot` (or ends with a kernel chosen), or gives way to the
 * disk.
 * @param fetchText reads a URL; what it throws (no answer, 404) comes through unchanged.
 * @throws LandfallError `ipxe-script`: a script that boots nothing or chains without end.
 */
export async function runIpxe(
  url: string,
  settings: Settings,
  fetchText: (url: string) => Promise<string>,
): Promise<Booted> {
  const own: Record<string, string> = { ...settings };
  let at = url;
  for (let depth = 0; depth < maximumChain; depth++) {
    const next = runScript(parseIpxe(await fetchText(at)), at, own);
    if (!(next instanceof URL)) return next;
    at = next.href;
  }
  throw new LandfallError("ipxe-script", `more than ${maximumChain} scripts chained`, { found: at });
}

/** One script: the URL that it chains, or what it ends with. */
function runScript(script: readonly Command[], base: string, settings: Record<string, string>): URL | Booted {
  let kernel: { url: string; args: string } | undefined;
  const initrds: string[] = [];
  let succeeded = true;
  for (let at = 0; at < script.length; at++) {
    const command = script[at]!;
    if (command.after !== undefined && succeeded !== (command.after === "&&")) continue;
    succeeded = true;
    const args = command.args.map((arg) => expand(arg, settings));
    const bad = (expected: string) =>
      new LandfallError("ipxe-script", `line ${command.line}: cannot ${command.name}`, {
        found: args.join(" "),
        expected,
      });
    switch (command.name) {
      case "echo":
      case ":label":
        break;
      case "iseq":
        if (args.length !== 2) throw bad("iseq A B");
        succeeded = args[0] === args[1];
        if (!succeeded && !command.forgiven) return "disk"; // iPXE gives up, and the firmware goes on
        break;
      case "goto": {
        const label = script.findIndex(({ name, args: [own] }) => name === ":label" && own === args[0]);
        // Backwards would be a loop, which no boot service needs.
        if (label <= at) throw bad("a label further down");
        at = label;
        break;
      }
      case "sanboot":
        if (args.join(" ") !== "--no-describe --drive 0x80") throw bad("sanboot --no-describe --drive 0x80");
        return "disk";
      case "exit":
        return "disk";
      case "set":
        if (args[0] === undefined) throw bad("set NAME VALUE");
        settings[args[0]] = args.slice(1).join(" ");
        break;
      case "chain":
        if (args.length !== 1) throw bad("chain URL");
        return urlOf(args[0]!, base);
      case "kernel":
        if (args[0] === undefined || args[0].startsWith("-")) throw bad("kernel URL ARGUMENT...");
        kernel = { url: urlOf(args[0], base).href, args: args.slice(1).join(" ") };
        break;
      case "initrd": {
        const rest = args[0] === "--name" ? args.slice(2) : args;
        if (rest.length < 1 || rest[0]!.startsWith("-")) throw bad("initrd [--name NAME] URL");
        initrds.push(urlOf(rest[0]!, base).href);
        break;
      }
      case "boot":
        if (kernel === undefined) throw bad("a kernel line before it");
        return { kernel: kernel.url, args: kernel.args, initrds };
    }
  }
  if (kernel === undefined)
    throw new LandfallError("ipxe-script", "the script boots nothing", { found: base });
  return { kernel: kernel.url, args: kernel.args, initrds };
}

function urlOf(text: string, base: string): URL {
  if (URL.canParse(text, base)) return new URL(text, base);
  throw new LandfallError("ipxe-script", "no address that can be asked", {
    found: text.slice(0, 80),
    expected: "a path, or http://HOST/PATH",
  });
}

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

export interface Command {
  readonly line: number;
  readonly name: "chain" | "kernel" | "initrd" | "boot" | "set" | "echo";
  /** Unexpanded. */
  readonly args: readonly string[];
}

const commands = ["chain", "kernel", "initrd", "boot", "set", "echo"] as const;
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
    const [name, ...args] = line.split(/\s+/);
    const known = commands.find((command) => command === name);
    if (known === undefined) {
      throw new LandfallError("ipxe-script", `line ${index + 1}: unknown command`, {
        found: line.slice(0, 80),
        expected: commands.join(", "),
      });
    }
    return [{ line: index + 1, name: known, args }];
  });
}

/** @throws LandfallError `ipxe-script`: a format that is not known. */
export function expand(text: string, settings: Settings): string {
  return text.replaceAll(/\$\{([^}:]+)(?::([^}]*))?\}/g, (_, name: string, format: string | undefined) => {
    const value = settings[name.replace(/^net0\//, "")] ?? "";
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

/**
 * Runs the script at `url` and what it chains, until one says `boot` (or ends with a kernel chosen).
 * @param fetchText reads a URL; what it throws (no answer, 404) comes through unchanged.
 * @throws LandfallError `ipxe-script`: a script that boots nothing or chains without end.
 */
export async function runIpxe(
  url: string,
  settings: Settings,
  fetchText: (url: string) => Promise<string>,
): Promise<BootTarget> {
  const own: Record<string, string> = { ...settings };
  let at = url;
  for (let depth = 0; depth < maximumChain; depth++) {
    const next = runScript(parseIpxe(await fetchText(at)), at, own);
    if (typeof next !== "string") return next;
    at = next;
  }
  throw new LandfallError("ipxe-script", `more than ${maximumChain} scripts chained`, { found: at });
}

/** One script: the URL that it chains, or what it boots. */
function runScript(
  script: readonly Command[],
  base: string,
  settings: Record<string, string>,
): string | BootTarget {
  let kernel: { url: string; args: string } | undefined;
  const initrds: string[] = [];
  for (const command of script) {
    const args = command.args.map((arg) => expand(arg, settings));
    const bad = (expected: string) =>
      new LandfallError("ipxe-script", `line ${command.line}: cannot ${command.name}`, {
        found: args.join(" "),
        expected,
      });
    switch (command.name) {
      case "echo":
        break;
      case "set":
        if (args[0] === undefined) throw bad("set NAME VALUE");
        settings[args[0]] = args.slice(1).join(" ");
        break;
      case "chain":
        if (args.length !== 1) throw bad("chain URL");
        return new URL(args[0]!, base).href;
      case "kernel":
        if (args[0] === undefined || args[0].startsWith("-")) throw bad("kernel URL ARGUMENT...");
        kernel = { url: new URL(args[0], base).href, args: args.slice(1).join(" ") };
        break;
      case "initrd": {
        const rest = args[0] === "--name" ? args.slice(2) : args;
        if (rest.length < 1 || rest[0]!.startsWith("-")) throw bad("initrd [--name NAME] URL");
        initrds.push(new URL(rest[0]!, base).href);
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

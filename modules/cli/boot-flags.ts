// `landfall boot serve`: Matchbox's flags and environment, and what Landfall adds.
import { type SoftTimeouts, softTimeouts } from "../boot/fleet/timeouts.ts";
import { LandfallError } from "../spec/error.ts";
import { type FlagSpec, parseFlags } from "./go-flags.ts";

const matchbox = (
  name: string,
  help: string,
  value = "",
  boolean?: true,
): Readonly<Record<string, FlagSpec>> => ({
  [name]: { help, default: value, env: variable("MATCHBOX", name), ...(boolean && { boolean }) },
});
const own = (name: string, help: string, value = ""): Readonly<Record<string, FlagSpec>> => ({
  [name]: { help, default: value, env: variable("LANDFALL_BOOT", name) },
});

function variable(prefix: string, name: string): string {
  return `${prefix}_${name.toUpperCase().replaceAll("-", "_")}`;
}

export const bootFlags: Readonly<Record<string, FlagSpec>> = {
  ...matchbox("address", "where machines ask, HTTP", "127.0.0.1:8080"),
  ...matchbox("rpc-address", "where clients write, gRPC; empty: nowhere"),
  ...matchbox("data-path", "folder of groups, profiles, ignition, generic", "/var/lib/matchbox"),
  ...matchbox(
    "assets-path",
    "folder of kernels and images; empty: none are served",
    "/var/lib/matchbox/assets",
  ),
  ...matchbox("cert-file", "the gRPC server's certificate", "/etc/matchbox/server.crt"),
  ...matchbox("key-file", "the gRPC server's key", "/etc/matchbox/server.key"),
  ...matchbox("ca-file", "whose gRPC clients are let in", "/etc/matchbox/ca.crt"),
  ...matchbox("web-ssl", "HTTPS in place of HTTP", "false", true),
  ...matchbox("web-cert-file", "the HTTPS server's certificate", "/etc/matchbox/ssl/server.crt"),
  ...matchbox("web-key-file", "the HTTPS server's key", "/etc/matchbox/ssl/server.key"),
  ...matchbox("key-ring-path", "refused: signatures are not made"),
  ...matchbox("log-level", "panic, fatal, error, warn, info, debug or trace", "info"),
  ...matchbox("version", "print the version, and end", "false", true),
  ...matchbox("help", "print these flags, and end", "false", true),
  ...own("store", "file, or postgres (its connection string in LANDFALL_BOOT_DATABASE)", "file"),
  ...own("page-address", "where people see the machines, HTTP; empty: nowhere", "127.0.0.1:8082"),
  ...own(
    "soft-timeouts",
    "seconds after which people are told to look at a machine, as install=1800,reboot=2400,join=3600",
    "install=1800,reboot=2400,join=3600",
  ),
  ...own("report-url", "where machines report to; empty: where they asked"),
};

export interface BootFlags {
  readonly http: Address;
  readonly rpc: Address | undefined;
  readonly page: Address | undefined;
  readonly softTimeouts: SoftTimeouts;
  readonly dataPath: string;
  readonly assetsPath: string | undefined;
  readonly certFile: string;
  readonly keyFile: string;
  readonly caFile: string;
  /** Of HTTPS; undefined for HTTP. */
  readonly web: { readonly certFile: string; readonly keyFile: string } | undefined;
  readonly logLevel: "fatal" | "error" | "warn" | "info" | "debug" | "trace";
  readonly version: boolean;
  readonly help: boolean;
  readonly store: "file" | "postgres";
  readonly reportUrl: string | undefined;
}

export interface Address {
  /** Empty: all of this computer's. */
  readonly host: string;
  readonly port: number;
}

/** @throws {LandfallError} `usage` */
export function readBootFlags(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): BootFlags {
  const flags = parseFlags(bootFlags, argv, env);
  const given = (name: string) => flags[name] || undefined;
  const optional = (name: string) =>
    given(name) === undefined ? undefined : parseAddress(name, flags[name]!);
  if (given("key-ring-path") !== undefined)
    throw new LandfallError("usage", "-key-ring-path: Landfall's boot service makes no signatures", {
      expected: "machines that check hashes, as Landfall's do, or HTTPS (-web-ssl)",
      next: "leave it out; with boot.service: matchbox, Matchbox signs",
    });
  return {
    http: parseAddress("address", flags.address!),
    rpc: optional("rpc-address"),
    page: optional("page-address"),
    softTimeouts: readSoftTimeouts(flags["soft-timeouts"]!),
    dataPath: flags["data-path"]!,
    assetsPath: given("assets-path"),
    certFile: flags["cert-file"]!,
    keyFile: flags["key-file"]!,
    caFile: flags["ca-file"]!,
    web:
      flags["web-ssl"] === "true"
        ? { certFile: flags["web-cert-file"]!, keyFile: flags["web-key-file"]! }
        : undefined,
    logLevel: level(flags["log-level"]!),
    version: flags.version === "true",
    help: flags.help === "true",
    store: oneOf("store", flags.store!, ["file", "postgres"]),
    reportUrl: given("report-url")?.replace(/\/+$/, ""),
  };
}

/** As Go's net.Listen: host:port, [v6]:port, :port. */
function parseAddress(name: string, text: string): Address {
  const match = /^(?:\[([0-9a-fA-F:.%\w]+)\]|([^:[\]]*)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (match === null || port > 65535)
    throw new LandfallError("usage", `-${name} is no address`, {
      found: text,
      expected: "as 10.0.0.1:8080 or :8080",
    });
  return { host: match[1] ?? match[2] ?? "", port };
}

/** Those that are left out are what they are by default. */
function readSoftTimeouts(text: string): SoftTimeouts {
  const given = new Map(
    text.split(",").map((each) => {
      const match = /^(install|reboot|join)=([1-9]\d{0,7})$/.exec(each.trim());
      if (match !== null) return [match[1]!, Number(match[2])] as const;
      throw new LandfallError("usage", "-soft-timeouts has a part that is none", {
        found: each,
        expected: "seconds, as install=1800,reboot=2400,join=3600",
      });
    }),
  );
  return { ...softTimeouts, ...Object.fromEntries(given) };
}

/** logrus's names. */
function level(text: string): BootFlags["logLevel"] {
  const names = ["panic", "fatal", "error", "warn", "warning", "info", "debug", "trace"] as const;
  const found = oneOf("log-level", text.toLowerCase(), names);
  if (found === "panic") return "fatal";
  return found === "warning" ? "warn" : found;
}

function oneOf<T extends string>(name: string, text: string, values: readonly T[]): T {
  const value = values.find((each) => each === text);
  if (value !== undefined) return value;
  throw new LandfallError("usage", `-${name} is not one of its values`, {
    found: text,
    expected: values.join(", "),
  });
}

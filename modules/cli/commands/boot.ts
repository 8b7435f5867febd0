// The boot service as a process.
import { randomBytes } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { pino } from "pino";
import {
  type BootStore,
  bootGate,
  machineRoutes,
  openFileStore,
  openMachines,
  openPostgresStore,
  plainAssets,
  reportApp,
  startBootService,
} from "../../boot/index.ts";
import { LandfallError } from "../../spec/error.ts";
import { type BootFlags, readBootFlags } from "../boot-flags.ts";
import type { Invocation } from "../main.ts";
import type { Workspace } from "../workspace.ts";

/** Serves until it is interrupted. */
export async function bootServeCommand(
  { workspace, signal }: Invocation,
  argv: readonly string[],
): Promise<undefined> {
  const flags = readBootFlags(argv, workspace.env);
  if (flags.version) {
    const { version } = JSON.parse(readFileSync(join(import.meta.dirname, "../../../package.json"), "utf8"));
    process.stdout.write(`landfall ${version}\n`);
    return;
  }
  checkFolders(flags);
  const log = pino({ level: flags.logLevel });
  const tls = flags.rpc && readTls(flags);
  const store = await openStore(flags, workspace.env);
  const now = () => new Date();
  const machines = openMachines({ store, now, onBroken: (error) => log.error(error.message) });
  const service = await startBootService({
    store,
    dataPath: flags.dataPath,
    http: flags.http,
    rpc: flags.rpc && tls && { ...flags.rpc, tls },
    gate: bootGate(machines, now),
    assets: flags.assetsPath === undefined ? undefined : plainAssets(flags.assetsPath),
    reportUrl: flags.reportUrl,
    apps: [reportApp(machines)],
    routes: [machineRoutes({ machines, store, newId: () => randomBytes(16).toString("hex") })],
    catalog: {
      onBroken: (kind, key, error) => log.warn({ kind, key, found: error.details.found }, error.message),
      onStore: (error) =>
        error === undefined ? log.info("the store is there again") : log.error(error.message),
    },
    onRequest: ({ method, target, status, seconds }) =>
      log.info({ status, seconds }, `HTTP ${method} ${target}`),
    onError: (error) => log.error(error),
  });
  process.stderr.write(`landfall boot: ready, ${where(service.http, service.rpc)}\n`);
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
  await service.close();
  await store.close();
}

async function openStore({ store, dataPath }: BootFlags, env: Workspace["env"]): Promise<BootStore> {
  if (store === "file") return openFileStore(dataPath);
  const connection = env.LANDFALL_BOOT_DATABASE;
  // In the environment, since it may hold a password, and everyone on this computer may read a command line.
  if (connection) return openPostgresStore(connection);
  throw new LandfallError("usage", "-store=postgres, and no database", {
    found: "no LANDFALL_BOOT_DATABASE in the environment",
    expected: "a connection string, as postgres://landfall@db/landfall",
  });
}

function where(
  http: { address: string; port: number },
  rpc: { address: string; port: number } | undefined,
): string {
  const text = ({ address, port }: { address: string; port: number }) =>
    address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
  return `HTTP on ${text(http)}${rpc === undefined ? "" : `, gRPC on ${text(rpc)}`}`;
}

/** What Matchbox sees to before it starts. */
function checkFolders({ store, dataPath, assetsPath }: BootFlags): void {
  for (const [flag, path] of [
    ["data-path", store === "file" ? dataPath : undefined],
    ["assets-path", assetsPath],
  ] as const)
    if (path !== undefined && !statSync(path, { throwIfNoEntry: false })?.isDirectory())
      throw new LandfallError("usage", `-${flag} is no folder`, {
        found: path,
        expected: "a folder that is there",
        ...(flag === "assets-path" && { next: "-assets-path= serves none" }),
      });
}

function readTls({ caFile, certFile, keyFile }: BootFlags) {
  const read = (flag: string, path: string) => {
    try {
      return readFileSync(path, "utf8");
    } catch (cause) {
      throw new LandfallError("usage", `-${flag} cannot be read`, {
        cause,
        found: (cause as Error).message,
        expected: "a PEM file",
      });
    }
  };
  return { ca: read("ca-file", caFile), cert: read("cert-file", certFile), key: read("key-file", keyFile) };
}

// The boot service as a process.
import { randomBytes } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import {
  type BootStore,
  bootGate,
  countedStore,
  type Logger,
  machineRoutes,
  openAssets,
  openFileStore,
  openLogger,
  openMachines,
  openPostgresStore,
  openSeen,
  reportApp,
  type Seen,
  startBootService,
} from "../../boot/index.ts";

import { LandfallError } from "../../spec/error.ts";
import { urlHost } from "../../spec/index.ts";
import { type Address, type BootFlags, bootFlags, readBootFlags } from "../boot-flags.ts";
import { describeFlags } from "../go-flags.ts";
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
  if (flags.help) {
    process.stdout.write(`${describeFlags(bootFlags)}\n`);
    return;
  }
  checkFolders(flags);
  // A full disk or a log reader that is gone is no reason to stop serving machines.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});
  const log = openLogger({
    level: flags.logLevel,
    pretty: process.stdout.isTTY,
    write: (line) => process.stdout.write(line),
  });
  const tls = flags.rpc && readTls(flags);
  const web = flags.web && readWebTls(flags.web);
  const opened = await openStore(flags, workspace.env, log);
  const store = countedStore(opened, (error) => seen?.metrics.storeError(error));
  let loaded = false;
  const seen =
    flags.page &&
    openSeen({
      store,
      timeouts: flags.softTimeouts,
      logger: log.with({ part: "page" }),
      notReady: async () => (loaded ? undefined : "groups and profiles are being read"),
    });
  const now = () => new Date();
  const machines = openMachines({
    store,
    now,
    onBroken: (error) => log.error("a machine's record is broken", { error }),
  });
  const service = await startBootService({
    store,
    dataPath: flags.dataPath,
    http: { ...flags.http, tls: web },
    rpc: flags.rpc && tls && { ...flags.rpc, tls },
    gate: bootGate(machines, now),
    assets:
      flags.assetsPath === undefined
        ? undefined
        : openAssets({
            folder: flags.assetsPath,
            onError: (error) => log.error("an asset could not be sent", { error }),
          }).serve,
    reportUrl: flags.reportUrl,
    apps: [reportApp(machines)],
    routes: [machineRoutes({ machines, store, newId: () => randomBytes(16).toString("hex") })],
    catalog: {
      onBroken: (kind, document, error) => log.warn("a document is broken", { kind, document, error }),
      onStore: (error) =>
        error === undefined
          ? log.info("the store is there again")
          : log.error("the store does not answer", { error }),
    },
    onRequest: (request) => {
      seen?.metrics.request(request);
      log.info("request", { ...request });
    },
    ...(seen !== undefined && { onSelection: seen.metrics.selection }),
    onError: (error) => log.error("a request failed", { error }),
  });
  void service.catalog.loaded.then(() => {
    loaded = true;
  });
  const page = flags.page && seen && (await pageAddress(seen, flags.page, log));
  const interrupted = new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
  await Promise.race([service.catalog.loaded, interrupted]);
  if (!signal.aborted)
    process.stderr.write(`landfall boot: ready, ${where(service.http, service.rpc, page)}\n`);
  await interrupted;
  await Promise.all([service.close(), seen?.close()]);
  await store.close();
}

async function openStore(
  { store, dataPath }: BootFlags,
  env: Workspace["env"],
  log: Logger,
): Promise<BootStore> {
  if (store === "file") {
    return openFileStore(dataPath, {
      onUnreadable: (kind, document, error) => log.warn("a document is broken", { kind, document, error }),
    });
  }
  const connection = env.LANDFALL_BOOT_DATABASE;
  // In the environment, since it may hold a password, and everyone on this computer may read a command line.
  if (connection) return openPostgresStore(connection);
  throw new LandfallError("usage", "-store=postgres, and no database", {
    found: "no LANDFALL_BOOT_DATABASE in the environment",
    expected: "a connection string, as postgres://landfall@db/landfall",
  });
}

/** Machines come first: they are served also where the page cannot be. */
async function pageAddress(seen: Seen, { host, port }: Address, log: Logger) {
  try {
    return await seen.listen(host, port);
  } catch (error) {
    log.error("the page is not served", { address: `${host}:${port}`, error });
    return undefined;
  }
}

type Listening = Pick<AddressInfo, "address" | "port">;

function where(http: Listening, rpc: Listening | undefined, page: Listening | undefined): string {
  const text = ({ address, port }: Listening) => `${urlHost(address)}:${port}`;
  return [
    `HTTP on ${text(http)}`,
    ...(rpc === undefined ? [] : [`gRPC on ${text(rpc)}`]),
    ...(page === undefined ? [] : [`page on http://${text(page)}/`]),
  ].join(", ");
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
  return {
    ca: readPem("ca-file", caFile),
    cert: readPem("cert-file", certFile),
    key: readPem("key-file", keyFile),
  };
}

function readWebTls({ certFile, keyFile }: NonNullable<BootFlags["web"]>) {
  return { cert: readPem("web-cert-file", certFile), key: readPem("web-key-file", keyFile) };
}

function readPem(flag: string, path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw new LandfallError("usage", `-${flag} cannot be read`, {
      cause,
      found: (cause as Error).message,
      expected: "a PEM file",
    });
  }
}

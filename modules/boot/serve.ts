// The service as a whole: a store, what is read from it, and the sockets that answer.
import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo, Server as NetServer, Socket } from "node:net";
import type { ConnectRouter } from "@connectrpc/connect";
import type { Hono } from "hono";
import { LandfallError } from "../spec/error.ts";
import { type Catalog, type CatalogOptions, openCatalog } from "./catalog/index.ts";
import type { BootGate } from "./gate.ts";
import { httpServer, type SeenRequest, type WebTls } from "./http/server.ts";
import { matchboxWire } from "./http/wire.ts";
import { matchboxRoutes } from "./rpc/matchbox-routes.ts";
import { rpcServer, type ServerTls } from "./rpc/server.ts";
import type { BootStore } from "./store/types.ts";

export interface Listen {
  /** Empty: every address. */
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
}

export interface BootServiceOptions {
  /** Stays the caller's to close. */
  readonly store: BootStore;
  readonly http: Listen & { readonly tls?: WebTls | undefined };
  /** Left out: no gRPC, as in Matchbox. */
  readonly rpc?: (Listen & { readonly tls: ServerTls }) | undefined;
  readonly gate?: BootGate | undefined;
  readonly assets?: ((path: string, request: IncomingMessage, response: ServerResponse) => void) | undefined;
  /** Where machines report to. Default: where they asked. */
  readonly reportUrl?: string | undefined;
  /** Named in messages about missing documents. */
  readonly dataPath: string;
  /** HTTP beside Matchbox's own paths, for machines. */
  readonly apps?: readonly Hono[];
  /** gRPC beside Matchbox's services. */
  readonly routes?: readonly ((router: ConnectRouter) => void)[];
  readonly catalog?: CatalogOptions;
  readonly onRequest?: (seen: SeenRequest) => void;
  /** Told how long finding a group took. */
  readonly onSelection?: (seconds: number) => void;
  readonly onError: (error: unknown) => void;
}

export interface BootService {
  readonly catalog: Catalog;
  readonly http: AddressInfo;
  readonly rpc: AddressInfo | undefined;
  /** Answers what has been asked, and nothing more. */
  close(): Promise<void>;
}

/** @throws {LandfallError} `port-taken`, `address-invalid`, `tls-invalid` */
export async function startBootService(options: BootServiceOptions): Promise<BootService> {
  const { store, gate, assets, reportUrl, dataPath, routes = [], onError } = options;
  const opened = openCatalog(store, options.catalog);
  const catalog = options.onSelection === undefined ? opened : timed(opened, options.onSelection);
  const { tls } = options.http;
  const scheme = tls === undefined ? "http" : "https";
  const wire = matchboxWire({ catalog, gate, reportUrl, scheme, assets: assets !== undefined });
  const http = usable("HTTPS", tls, () =>
    httpServer({ wire, assets, apps: options.apps ?? [], tls, onRequest: options.onRequest, onError }),
  );
  const sockets = socketsOf(http);
  const allRoutes = [matchboxRoutes({ store, catalog, dataPath }), ...routes];
  const rpc =
    options.rpc && usable("gRPC", options.rpc.tls, () => rpcServer({ ...options.rpc!, routes: allRoutes }));
  try {
    await Promise.all([
      listen(http, options.http),
      ...(rpc && options.rpc ? [listen(rpc.server, options.rpc)] : []),
    ]);
  } catch (error) {
    catalog.close();
    http.close();
    rpc?.server.close();
    throw error;
  }
  return {
    catalog,
    http: http.address() as AddressInfo,
    rpc: rpc?.server.address() as AddressInfo | undefined,
    async close() {
      catalog.close();
      await Promise.all([drained(http, sockets), rpc?.close()]);
    },
  };
}

function timed(catalog: Catalog, onSelection: (seconds: number) => void): Catalog {
  const select: Catalog["select"] = (labels) => {
    const start = performance.now();
    const group = catalog.select(labels);
    onSelection((performance.now() - start) / 1000);
    return group;
  };
  return { ...catalog, select };
}

/** Of an empty file Node would make a server without a certificate, or one that trusts every public authority. */
function usable<T>(what: string, pem: Partial<ServerTls> | undefined, make: () => T): T {
  try {
    for (const text of [pem?.ca, pem?.cert]) if (text !== undefined) new X509Certificate(text);
    return make();
  } catch (cause) {
    throw new LandfallError("tls-invalid", `the ${what} server's certificate, key or CA cannot be used`, {
      cause,
      found: cause instanceof Error ? cause.message : String(cause),
      expected: "PEM files that belong together",
    });
  }
}

async function listen(server: NetServer, { host, port }: Listen): Promise<void> {
  server.listen({ port, ...(host !== "" && { host }) });
  try {
    await once(server, "listening");
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    const address = `${host}:${port}`;
    if (code === "EADDRINUSE")
      throw new LandfallError("port-taken", `another program listens on ${address}`, { cause });
    throw new LandfallError("address-invalid", `cannot listen on ${address}`, {
      cause,
      found: code ?? String(cause),
      expected: "an address of this computer, and a port that this user may take",
    });
  }
}

const drainMilliseconds = 5000;

async function drained(server: Server, sockets: ReadonlySet<Socket>): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve));
  server.closeIdleConnections();
  for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy();
  const late = setTimeout(() => server.closeAllConnections(), drainMilliseconds);
  await closed;
  clearTimeout(late);
}

/** Those that are open. Node takes one that has said nothing yet for busy. */
function socketsOf(server: NetServer): ReadonlySet<Socket> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  return sockets;
}

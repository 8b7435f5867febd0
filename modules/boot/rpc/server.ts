// gRPC over HTTP/2 with certificates on both sides.
import { constants, createSecureServer, type Http2SecureServer, type ServerHttp2Session } from "node:http2";
import type { ConnectRouter } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { limitHandshakes } from "../http/connections.ts";

export interface RpcOptions {
  readonly tls: ServerTls;
  readonly routes: readonly ((router: ConnectRouter) => void)[];
}

/** PEM. */
export interface ServerTls {
  /** Whose clients are let in. */
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

export interface RpcServer {
  readonly server: Http2SecureServer;
  /** Lets calls end, but not those that wait for ever. */
  close(): Promise<void>;
}

/** As grpc-go's default. */
const maxMessage = 4 * 1024 * 1024;
const drainMilliseconds = 5000;
const maxConnections = 1024;
/** Of them, those that have not shown a certificate yet. */
const maxHandshakes = 256;
const maxStreams = 250;
/** Milliseconds in which a call has to be asked in whole. */
const requestTimeout = 15_000;
/** A session that says nothing for this long, not even a ping, is told to go. */
const idleMilliseconds = 600_000;

export function rpcServer({ tls, routes }: RpcOptions): RpcServer {
  const ending = new AbortController();
  const handler = connectNodeAdapter({
    routes: (router) => {
      for (const each of routes) each(router);
    },
    connect: false,
    grpcWeb: false,
    readMaxBytes: maxMessage,
    shutdownSignal: ending.signal,
    fallback: (request, response) => {
      const [service = "", method = ""] = (request.url ?? "").split("/").slice(1);
      response.writeHead(200, {
        "content-type": "application/grpc",
        "grpc-status": "12",
        "grpc-message": encodeURIComponent(`unknown method ${method} for service ${service}`).slice(0, 1000),
      });
      response.end();
    },
  });
  const sessions = new Set<ServerHttp2Session>();
  const server = createSecureServer(
    {
      ...tls,
      minVersion: "TLSv1.2",
      requestCert: true,
      rejectUnauthorized: true,
      // A certificate that is named as an authority is one, as in Go.
      allowPartialTrustChain: true,
      handshakeTimeout: 10_000,
      settings: { maxConcurrentStreams: maxStreams },
      maxSessionInvalidFrames: 100,
      // Calls taken back: so many at once, and so many a second.
      streamResetBurst: 100,
      streamResetRate: 20,
    },
    handler,
  );
  server.maxConnections = maxConnections;
  limitHandshakes(server, maxHandshakes);
  server.on("stream", (stream) => {
    const late = setTimeout(() => stream.close(constants.NGHTTP2_CANCEL), requestTimeout);
    for (const event of ["end", "close"]) stream.once(event, () => clearTimeout(late));
  });
  server.on("session", (session) => {
    sessions.add(session);
    session.once("close", () => sessions.delete(session));
    session.setTimeout(idleMilliseconds, () => session.close());
    session.on("error", () => session.destroy());
  });

  return {
    server,
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      ending.abort();
      for (const session of sessions) session.close();
      const late = setTimeout(() => {
        for (const session of sessions) session.destroy();
      }, drainMilliseconds);
      await closed;
      clearTimeout(late);
    },
  };
}

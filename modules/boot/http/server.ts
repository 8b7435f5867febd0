// The edge: answers onto sockets. Matchbox's own paths are answered from what came in, byte for byte; the rest is Hono's.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { getRequestListener } from "@hono/node-server";
import { Hono } from "hono";
import { type Answer, notFound } from "./answer.ts";
import { type ConnectionLimits, inTurn } from "./connections.ts";
import type { Routed } from "./wire.ts";

export interface HttpOptions {
  readonly wire: (asked: {
    readonly method: string;
    readonly target: string;
    readonly headers: IncomingMessage["headers"];
  }) => Routed;
  readonly assets?: ((path: string, request: IncomingMessage, response: ServerResponse) => void) | undefined;
  /** Paths that Matchbox does not have. */
  readonly apps?: readonly Hono[];
  /** For HTTPS. */
  readonly tls?: WebTls | undefined;
  readonly onRequest?: ((seen: SeenRequest) => void) | undefined;
  readonly onError: (error: unknown) => void;
}

/** PEM. */
export interface WebTls {
  readonly cert: string;
  readonly key: string;
}

export interface SeenRequest {
  readonly method: string;
  readonly target: string;
  readonly status: number;
  readonly seconds: number;
  /** Of the answer, on the wire. */
  readonly bytes: number;
}

/** What a machine sends is small: a report, at most. */
const maxBody = 64 * 1024;
const maxHeaders = 16 * 1024;
/** Racks are smaller. */
const connectionLimits: ConnectionLimits = { connections: 8192, waiting: 64, stalled: 60_000 };

export function httpServer(options: HttpOptions): Server {
  const { wire, assets, apps = [], tls, onRequest, onError } = options;
  const app = ownApp(apps, onError);
  const own = getRequestListener(app.fetch);
  const isOwn = (method: string, url: string) =>
    app.router.match(method, url.split("?", 1)[0]!)[0].length > 0;

  // Slow senders hold a socket, and no more, for this long.
  const limits = {
    maxHeaderSize: maxHeaders,
    headersTimeout: 10_000,
    requestTimeout: 15_000,
    keepAliveTimeout: 60_000,
    connectionsCheckingInterval: 2_000,
  };
  const server =
    tls === undefined
      ? createServer(limits)
      : createTlsServer({ ...limits, ...tls, minVersion: "TLSv1.2", handshakeTimeout: 10_000 });
  inTurn(server, connectionLimits, (request, response) => {
    const { method = "GET", url = "/", headers } = request;
    if (onRequest !== undefined) {
      const start = performance.now();
      const { socket } = request;
      const before = socket.bytesWritten;
      response.once("close", () =>
        onRequest({
          method,
          target: url,
          status: response.statusCode,
          seconds: (performance.now() - start) / 1000,
          bytes: socket.bytesWritten - before,
        }),
      );
    }
    try {
      const routed = wire({ method, target: url, headers });
      response.removeHeader("connection");
      if (routed.to === "other") (isOwn(method, url) ? own : missing)(request, response);
      else if (routed.to === "assets") assets?.(routed.path, request, response);
      else if (routed.answer instanceof Promise)
        routed.answer.then((answer) => send(request, response, answer), failed(response, onError));
      else send(request, response, routed.answer);
    } catch (error) {
      failed(response, onError)(error);
    }
  });
  return server;
}

function missing(request: IncomingMessage, response: ServerResponse): void {
  send(request, response, notFound);
}

function send(request: IncomingMessage, response: ServerResponse, { status, headers, body }: Answer): void {
  // Whatever body came is nobody's; a socket that is in the middle of one serves no other request.
  if (
    Number(request.headers["content-length"] ?? 0) > maxBody ||
    request.headers["transfer-encoding"] !== undefined
  )
    response.setHeader("Connection", "close");
  response.writeHead(status, { ...headers, "Content-Length": body.length });
  response.end(body);
}

function failed(response: ServerResponse, onError: (error: unknown) => void): (error: unknown) => void {
  return (error) => {
    onError(error);
    if (!response.headersSent) response.writeHead(500, { "Content-Type": "text/plain; charset=utf-8" });
    response.end("500 internal error\n");
  };
}

function ownApp(apps: readonly Hono[], onError: (error: unknown) => void): Hono {
  const app = new Hono();
  for (const each of apps) app.route("/", each);
  app.onError((error, context) => {
    onError(error);
    return context.text("500 internal error\n", 500);
  });
  return app;
}

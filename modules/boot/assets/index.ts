// Kernels, initrds, images: the files below one folder, streamed to many machines at once. What Matchbox's file server
// answers, and an ETag.
import type { IncomingMessage, ServerResponse } from "node:http";
import { type Closed, list, type Opened, openBelow, typeOf } from "./file.ts";
import { listingPage } from "./listing.ts";
import { failure, fileReply, type Reply } from "./reply.ts";
import { type TransferLimits, Transfers } from "./transfers.ts";

export { type NginxOptions, nginxConfig } from "./nginx.ts";
export type { TransferLimits } from "./transfers.ts";

export interface AssetOptions {
  readonly folder: string;
  readonly limits?: TransferLimits;
  readonly onError: (error: unknown) => void;
}

export interface Assets {
  /** @param path decoded, from `/assets/` on */
  readonly serve: (path: string, request: IncomingMessage, response: ServerResponse) => void;
  /** Bytes of the buffers that files go through. */
  readonly memory: () => number;
}

/** Opens nothing before it is asked. */
export function openAssets({ folder, limits, onError }: AssetOptions): Assets {
  const transfers = new Transfers(limits);

  async function answer(path: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (response.destroyed) return;
    const opened = await openBelow(folder, path);
    if (typeof opened === "string") return send(failures[opened], request, response);
    try {
      await reply(opened, path, request, response);
    } finally {
      await opened.handle.close();
    }
  }

  async function reply(
    opened: Opened,
    path: string,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const base = path.split("/").findLast((part) => part !== "") ?? "";
    const query = /\?.*$/.exec(request.url ?? "")?.[0] ?? "";
    const redirect = (to: string) =>
      send(
        { status: 301, headers: { Location: to + query, "Content-Length": "0" }, pieces: [] },
        request,
        response,
      );
    if (path.endsWith("/index.html")) return redirect("./");
    if (opened.kind === "folder" && !path.endsWith("/")) return redirect(`${base}/`);
    if (opened.kind === "file" && path.endsWith("/")) return redirect(`../${base}`);
    if (opened.kind === "file") return sendFile(opened, path, request, response);
    const index = await openBelow(folder, `${path}index.html`);
    if (typeof index === "string") return sendFolder(opened, request, response);
    try {
      if (index.kind === "file") await sendFile(index, `${path}index.html`, request, response);
      else await sendFolder(opened, request, response);
    } finally {
      await index.handle.close();
    }
  }

  async function sendFile(
    { handle, size, modified }: Opened,
    path: string,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const etag = etagOf(path, size, modified);
    const file = { etag, size, modified: seconds(modified), type: await typeOf(path, handle) };
    const reply = fileReply((name) => headerOf(request, name), file);
    response.writeHead(reply.status, reply.headers);
    if (request.method !== "HEAD") await transfers.send(handle.fd, reply.pieces, response);
    response.end();
  }

  return {
    serve(path, request, response) {
      // Everything waits in one line, so that there are never more open files than places.
      transfers
        .withPlace(() => answer(path.slice("/assets".length), request, response))
        .catch((error: unknown) => {
          onError(error);
          if (response.headersSent) response.destroy();
          else send(failure(500, "500 Internal Server Error"), request, response);
        });
    },
    memory: () => transfers.memory,
  };
}

const failures: Readonly<Record<Closed, Reply>> = {
  missing: failure(404, "404 page not found"),
  forbidden: failure(403, "403 Forbidden"),
};

async function sendFolder(opened: Opened, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const modified = seconds(opened.modified);
  const page = listingPage(await list(opened));
  const { status, headers } = fileReply(
    (name) => (/^if-modified-since$/.test(name) ? headerOf(request, name) : ""),
    {
      etag: undefined,
      modified,
      size: page.length,
      type: "text/html; charset=utf-8",
    },
  );
  const { "Accept-Ranges": _, ...others } = headers;
  send({ status, headers: others, pieces: status === 200 ? [page] : [] }, request, response);
}

function send({ status, headers, pieces }: Reply, request: IncomingMessage, response: ServerResponse): void {
  response.writeHead(status, headers);
  if (request.method !== "HEAD")
    for (const piece of pieces) if (piece instanceof Uint8Array) response.write(piece);
  response.end();
}

function headerOf(request: IncomingMessage, name: string): string {
  const value = request.headers[name];
  return (typeof value === "string" ? value : value?.[0]) ?? "";
}

/**
 * A release's file lies in a folder named by its SHA-256, so every replica names it alike; another is named by time and
 * size.
 */
function etagOf(path: string, size: number, modified: bigint): string {
  const hash = /(?:^|\/)([0-9a-f]{64})\/[^/]+$/.exec(path)?.[1];
  return hash === undefined
    ? `"${modified.toString(16)}-${size.toString(16)}"`
    : `"${hash}-${size.toString(16)}"`;
}

function seconds(nanoseconds: bigint): Date {
  return new Date(Number(nanoseconds / 1_000_000_000n) * 1000);
}

// How Landfall talks to an API server (and to an etcd member): a plain HTTPS client with certificates. Measured on two
// cores, CPU to import: @kubernetes/client-node 2.0 500 ms, undici 8 95 ms (https-proxy-agent with node:https 60 ms,
// without pools and time-outs). A deploy starts this in several short processes while masters need the CPU.

import { setTimeout as delay } from "node:timers/promises";
import { createSecureContext } from "node:tls";

export interface ApiRequest {
  /** Default: GET. */
  readonly method?: "GET" | "POST" | "PATCH" | "DELETE";
  /** With its query, as `/readyz?verbose`. */
  readonly path: string;
  readonly body?: string;
  readonly contentType?: string;
  /** Until the whole answer is there. Default: 5000 ms. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal | undefined;
}

/** An answer, whatever its status. */
export interface ApiReply {
  readonly status: number;
  readonly body: string;
  /** The server's own clock, to the second; undefined if it did not say. */
  readonly date: Date | undefined;
  /** Which of the servers answered. */
  readonly server: string;
}

/** Rejects if no answer came: unreachable, refused, wrong certificate, too slow. */
export type Send = (server: string, request: ApiRequest) => Promise<ApiReply>;

export interface Api {
  readonly servers: readonly string[];
  readonly request: (request: ApiRequest) => Promise<ApiReply>;
  /** One server by itself, over the same connections. */
  readonly only: (server: string) => Api;
  readonly close: () => Promise<void>;
}

export interface ApiOptions {
  /** `https://HOST:PORT` each, all of the same cluster; whichever answers /readyz first is used until it fails. */
  readonly servers: readonly string[];
  /** PEM. */
  readonly ca: string;
  /** PEM; the client's. */
  readonly cert: string;
  /** PEM; the client's. */
  readonly key: string;
  /** HTTP CONNECT proxy, as http://127.0.0.1:3128. Default: directly. */
  readonly proxy?: string | undefined;
}

/** Milliseconds by which a server that answers, but is not ready, is held back: a ready one goes first. */
const notReadyHandicapMs = 100;
/** An attempt to connect that got nowhere is given up after this, so that the next one can find a machine just come up. */
const connectTimeoutMs = 1500;
const defaultTimeoutMs = 5000;

/**
 * Opens a client. Nothing is sent before the first request, and a virtual IP that is not up yet delays nobody: with
 * several servers, each is asked for /readyz at once.
 */
export function openApi(options: ApiOptions): Api {
  const { send, close } = openTransport(options);
  return chooseServer(options.servers, send, close);
}

/**
 * One API out of several servers. The chosen one is kept until it gives no answer, or an answer of 500 and above
 * (an apiserver whose etcd member is cut off answers fast, and wrongly, for ever).
 */
export function chooseServer(
  servers: readonly string[],
  send: Send,
  close: () => Promise<void> = async () => {},
): Api {
  let chosen: Promise<string> | undefined;

  async function choose(): Promise<string> {
    const [only] = servers;
    if (only !== undefined && servers.length === 1) return only;
    try {
      return await Promise.any(servers.map((server) => answering(server, send)));
    } catch (error) {
      const reasons = error instanceof AggregateError ? error.errors.map(reason) : [reason(error)];
      throw new Error(servers.map((server, index) => `${server}: ${reasons[index] ?? ""}`).join("; "), {
        cause: error,
      });
    }
  }

  return {
    servers,
    close,
    only: (server) => chooseServer([server], send, close),
    async request(request) {
      chosen ??= choose();
      const mine = chosen;
      const forget = () => {
        if (chosen === mine) chosen = undefined;
      };
      try {
        const reply = await send(await mine, request);
        if (reply.status >= 500) forget();
        return reply;
      } catch (error) {
        forget();
        throw error;
      }
    },
  };
}

async function answering(server: string, send: Send): Promise<string> {
  const { status } = await send(server, { path: "/readyz", timeoutMs: 2000 });
  if (status !== 200) await delay(notReadyHandicapMs);
  return server;
}

function openTransport(options: ApiOptions): { send: Send; close: () => Promise<void> } {
  const dispatcher = lazily(() => openDispatcher(options));
  return {
    async send(server, request) {
      const { method = "GET", path, body, contentType, timeoutMs = defaultTimeoutMs } = request;
      const { agent, undici } = await dispatcher.get();
      const timeout = AbortSignal.timeout(timeoutMs);
      const signal = request.signal ? AbortSignal.any([request.signal, timeout]) : timeout;
      const exchange = async (): Promise<ApiReply> => {
        const reply = await undici.request(server + path, {
          dispatcher: agent,
          method,
          signal,
          headers: { accept: "application/json, */*", ...(contentType && { "content-type": contentType }) },
          ...(body !== undefined && { body }),
        });
        const { date } = reply.headers;
        return {
          status: reply.statusCode,
          body: await reply.body.text(),
          date: typeof date === "string" ? new Date(date) : undefined,
          server,
        };
      };
      return orAborted(exchange(), signal);
    },
    close: async () => {
      if (dispatcher.started()) await (await dispatcher.get()).agent.destroy();
    },
  };
}

/** undici heeds a signal only once it is connected. */
function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}

/** What connections are made by; `stream.ts` has its own. */
export async function openDispatcher({ ca, cert, key, proxy }: ApiOptions) {
  const undici = await import("undici");
  // One for all connections: to read certificates anew for each costs more than to connect.
  const tls = { secureContext: createSecureContext({ ca, cert, key }), timeout: connectTimeoutMs };
  // HTTP/1.1 over a few connections: a request that hangs (a pod that is gone, asked through the proxy) holds up no other.
  const pool = { connections: 8, allowH2: false, keepAliveTimeout: 30_000 };
  const agent =
    proxy === undefined
      ? new undici.Agent({ ...pool, connect: tls })
      : new undici.ProxyAgent({
          ...pool,
          uri: proxy,
          requestTls: tls,
          // Bounds CONNECT itself, which is else given five minutes.
          clientFactory: (origin, opts) =>
            new undici.Pool(origin, {
              ...opts,
              headersTimeout: connectTimeoutMs,
              connectTimeout: connectTimeoutMs,
            }),
        });
  return { undici, agent };
}

function lazily<T>(open: () => Promise<T>): { get: () => Promise<T>; started: () => boolean } {
  let value: Promise<T> | undefined;
  return {
    get: () => {
      value ??= open();
      return value;
    },
    started: () => value !== undefined,
  };
}

/** The cause in one line, for people: libraries wrap it in `cause`, in an AggregateError, or in their own terms. */
export function reason(error: unknown): string {
  if (error instanceof AggregateError && error.message === "") return error.errors.map(reason).join(", ");
  if (!(error instanceof Error)) return String(error);
  const { code } = error as { code?: unknown };
  if (
    error.name === "TimeoutError" ||
    code === "UND_ERR_HEADERS_TIMEOUT" ||
    code === "UND_ERR_CONNECT_TIMEOUT"
  ) {
    return "no answer in time";
  }
  const [, status] = /^Proxy response \((\d+)\)/.exec(error.message) ?? [];
  if (status !== undefined) return `the proxy cannot reach it (${status})`;
  if (error.cause instanceof Error && (error.message === "" || error.message === "fetch failed"))
    return reason(error.cause);
  return error.message || error.name;
}

/** A GET whose answer must be 200 and JSON; the caller says what shape the API promises. */
export async function getJson<T>(
  api: Api,
  path: string,
  options: { readonly timeoutMs?: number; readonly signal?: AbortSignal | undefined } = {},
): Promise<{ readonly value: T; readonly date: Date | undefined }> {
  const reply = await api.request({ path, ...options });
  if (reply.status !== 200) throw new ApiError(`GET ${path}`, reply);
  return { value: parse(reply, path) as T, date: reply.date };
}

function parse(reply: ApiReply, path: string): unknown {
  try {
    return JSON.parse(reply.body);
  } catch (error) {
    throw new Error(`${reply.server} answered ${path} with no JSON: ${reply.body.trim().slice(0, 200)}`, {
      cause: error,
    });
  }
}

/** The API answered, and said no. */
export class ApiError extends Error {
  readonly status: number;
  readonly reply: ApiReply;

  constructor(what: string, reply: ApiReply) {
    super(`${what}: ${reply.status} ${statusMessage(reply.body)}`);
    this.name = "ApiError";
    this.status = reply.status;
    this.reply = reply;
  }
}

/** The message of a Kubernetes Status object, or the body's beginning if it is none. */
export function statusMessage(body: string): string {
  try {
    const status = JSON.parse(body) as { message?: unknown };
    if (typeof status.message === "string") return status.message;
  } catch {
    // Not every answer is a Status: health paths speak plain text.
  }
  return body.trim().slice(0, 300);
}

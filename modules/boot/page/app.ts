// The live page, the same as JSON, metrics and the two questions of supervisors. It reads; nothing here changes anything.
import { createHash, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Context, Hono } from "hono";
import { compress } from "hono/compress";
import { streamSSE } from "hono/streaming";
import type { LiveFleet, MachineView } from "../fleet/index.ts";
import { type Logger, silentLogger } from "../log/index.ts";
import { fragments, machinePage, type PageState, wholePage } from "./document.ts";
import { defaultPace, follow, type Pace } from "./events.ts";
import { Feed } from "./feed.ts";
import { machineLine, machineMore } from "./machine.ts";
import type { Markup } from "./markup.ts";

export interface PageOptions {
  readonly fleet: LiveFleet;
  /** Heads the page. Default: Landfall. */
  readonly title?: string;
  /** Prometheus' text; left out, there is no /metrics. */
  readonly metrics?: { readonly contentType: string; readonly text: () => Promise<string> };
  /** Why the service is not ready to serve machines, or nothing. Default: whether the fleet is followed. */
  readonly notReady?: () => Promise<string | undefined>;
  readonly logger?: Logger;
  /** Pages that are open at the same time; one more is asked to come back. Default: 64. */
  readonly clients?: number;
  readonly pace?: Partial<Pace>;
  /** Default: the computer's clock. */
  readonly now?: () => Date;
}

export interface Page {
  readonly fetch: Hono["fetch"];
  readonly request: Hono["request"];
  /** How many pages are open. */
  readonly clients: () => number;
  /** Ends all open pages, so that the listener can close. They come back by themselves. */
  readonly close: () => void;
}

const headers: Readonly<Record<string, string>> = {
  "Content-Security-Policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "X-Content-Type-Options": "nosniff",
  "Referrer-Policy": "no-referrer",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Cross-Origin-Opener-Policy": "same-origin",
};

const files = [
  { path: "/page.css", type: "text/css; charset=utf-8" },
  { path: "/page.js", type: "text/javascript; charset=utf-8" },
  { path: "/machine.js", type: "text/javascript; charset=utf-8" },
  { path: "/patch.js", type: "text/javascript; charset=utf-8" },
  { path: "/favicon.svg", type: "image/svg+xml" },
] as const;

export function openPage(options: PageOptions): Page {
  const { fleet, title = "Landfall", metrics, logger = silentLogger } = options;
  const now = options.now ?? (() => new Date());
  const most = options.clients ?? 64;
  const pace = { ...defaultPace, ...options.pace };
  const stopped = new AbortController();
  const feed = new Feed(randomBytes(6).toString("hex"));
  const lines = new WeakMap<MachineView, Markup>();
  const waiting = new Set<() => void>();
  let clients = 0;

  const line = (machine: MachineView): Markup => {
    const kept = lines.get(machine) ?? machineLine(machine, now());
    lines.set(machine, kept);
    return kept;
  };

  /** What is shown now, and taken into the feed, so that both tell the same. */
  function current(): PageState {
    const state = { title, view: fleet.view(), now: now(), trouble: fleet.trouble() };
    feed.take(fragments(state, line));
    return state;
  }

  // Rendered once a change for all clients, and not at all while nobody looks.
  let fresh = false;
  fleet.onChange(() => {
    fresh = false;
    const woken = [...waiting];
    waiting.clear();
    for (const wake of woken) wake();
  });
  const owed = (version: string | undefined) => {
    if (!fresh) current();
    fresh = true;
    return { owed: feed.owed(version), version: feed.version };
  };
  const changed = (signal: AbortSignal) =>
    new Promise<void>((resolve) => {
      const wake = () => {
        waiting.delete(wake);
        signal.removeEventListener("abort", wake);
        resolve();
      };
      if (signal.aborted) return resolve();
      waiting.add(wake);
      signal.addEventListener("abort", wake);
    });

  const app = new Hono();
  app.use(async (c, next) => {
    if (c.req.method !== "GET" && c.req.method !== "HEAD") {
      return c.text("read only\n", 405, { ...headers, Allow: "GET, HEAD" });
    }
    await next();
    for (const [name, value] of Object.entries(headers)) c.header(name, value);
    if (!c.res.headers.has("Cache-Control")) c.header("Cache-Control", "no-store");
    return undefined;
  });
  app.onError((error, c) => {
    logger.error("a page could not be made", { path: c.req.path, error });
    return c.text("internal error\n", 500);
  });
  app.notFound((c) => c.text("not found\n", 404));

  app.get("/events", (c) => {
    // No stream for those who only ask whether there is one.
    if (c.req.method === "HEAD") return c.body(null, 200, { "Content-Type": "text/event-stream" });
    if (clients >= most) return c.text("too many pages are open\n", 503, { "Retry-After": "30" });
    clients += 1;
    const from = c.req.header("Last-Event-ID") ?? c.req.query("from");
    const response = streamSSE(c, async (stream) => {
      try {
        await follow({ stream, from, owed, changed, signal: stopped.signal, pace });
      } catch (error) {
        logger.debug("an open page was let go", { error });
        stream.abort();
      } finally {
        clients -= 1;
      }
    });
    // A proxy in between does not hold events back.
    response.headers.set("X-Accel-Buffering", "no");
    return response;
  });

  app.get("/healthz", (c) => c.text("ok\n"));
  app.get("/readyz", async (c) => {
    const why = fleet.trouble()?.what ?? (await options.notReady?.());
    return why === undefined ? c.text("ok\n") : c.text(`not ready: ${why}\n`, 503);
  });
  if (metrics !== undefined) {
    app.get("/metrics", async (c) =>
      c.body(await metrics.text(), 200, { "Content-Type": metrics.contentType }),
    );
  }

  app.use(compress());
  for (const { path, type } of files) {
    const bytes = readFileSync(join(import.meta.dirname, "static", path));
    const etag = `"${createHash("sha256").update(bytes).digest("base64url").slice(0, 22)}"`;
    app.get(path, (c) => {
      const own = { ETag: etag, "Cache-Control": "no-cache", "Content-Type": type };
      return c.req.header("If-None-Match") === etag ? c.body(null, 304, own) : c.body(bytes, 200, own);
    });
  }
  app.get("/", (c) => {
    const state = current();
    return c.html(wholePage(state, feed.version, line));
  });
  app.get("/api/fleet", (c) => {
    const trouble = fleet.trouble();
    return c.json({ now: now().toISOString(), ...(trouble !== undefined && { trouble }), ...fleet.view() });
  });
  app.get("/machines/:mac{[0-9a-f]{12}}", (c) => {
    const machine = machineOf(c, fleet);
    return machine === undefined ? c.notFound() : c.html(machinePage(machine, now(), title));
  });
  app.get("/machines/:mac{[0-9a-f]{12}}/more", (c) => {
    const machine = machineOf(c, fleet);
    return machine === undefined ? c.notFound() : c.html(machineMore(machine, now()));
  });

  return {
    fetch: app.fetch,
    request: app.request,
    clients: () => clients,
    close: () => stopped.abort(),
  };
}

function machineOf(c: Context, fleet: LiveFleet): MachineView | undefined {
  return fleet.machine((c.req.param("mac") ?? "").match(/../g)?.join(":") ?? "");
}

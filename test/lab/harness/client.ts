// A client of a service in the rack, at a constant rate, by a new connection for each request.
import { request } from "node:http";
import type { Duplex } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";

export interface Asked {
  /** ISO 8601. */
  readonly at: string;
  readonly target: string;
  /** Undefined: it was answered with 200. */
  readonly error?: string;
}

export interface Client {
  readonly asked: readonly Asked[];
  readonly stop: () => Promise<void>;
}

/** `target` is asked before each request: `HOST:PORT`. */
export function startClient(proxy: string, everyMs: number, target: () => string): Client {
  const asked: Asked[] = [];
  const under = new Set<Promise<void>>();
  let over = false;
  const one = async () => {
    const at = new Date().toISOString();
    const chosen = target();
    try {
      await ask(proxy, chosen);
      asked.push({ at, target: chosen });
    } catch (error) {
      asked.push({ at, target: chosen, error: String(error) });
    }
  };
  const loop = (async () => {
    while (!over) {
      const each = one().finally(() => under.delete(each));
      under.add(each);
      await delay(everyMs);
    }
    await Promise.all(under);
  })();
  return {
    asked,
    stop: async () => {
      over = true;
      await loop;
    },
  };
}

/** Resolves when it was answered with 200, the whole of it. */
export async function ask(proxy: string, target: string, path = "/"): Promise<string> {
  const signal = AbortSignal.timeout(5000);
  const socket = await tunnel(proxy, target, signal);
  try {
    return await new Promise<string>((resolve, reject) => {
      signal.addEventListener("abort", () => reject(new Error("no answer within 5 s")));
      let text = "";
      socket.setEncoding("utf8");
      socket.on("data", (chunk: string) => {
        text += chunk;
      });
      socket.on("error", reject);
      socket.on("end", () =>
        text.startsWith("HTTP/1.1 200") ? resolve(text) : reject(new Error(text.slice(0, 80) || "cut off")),
      );
      socket.write(`GET ${path} HTTP/1.1\r\nHost: ${target}\r\nConnection: close\r\n\r\n`);
    });
  } finally {
    socket.destroy();
  }
}

function tunnel(proxy: string, target: string, signal: AbortSignal): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const outgoing = request(proxy, { method: "CONNECT", path: target, signal, agent: false });
    outgoing.on("connect", ({ statusCode }, socket) => {
      if (statusCode === 200) resolve(socket);
      else reject(new Error(`the proxy answered ${statusCode}`));
    });
    outgoing.on("error", reject);
    outgoing.end();
  });
}

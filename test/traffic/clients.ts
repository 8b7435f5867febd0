// Clients at a constant rate, one of each kind of connection that a cut-over has to do with, and what they count.
import { Agent, get } from "node:http";
import { connect, type LookupFunction, type Socket } from "node:net";
import { setTimeout } from "node:timers/promises";

export const kinds = ["new", "obeying", "ignoring"] as const;
/**
 * `new`: a connection a request. `obeying`: kept alive, and left when the answer says `Connection: close`. `ignoring`: kept
 * alive, and used again whatever the answer says.
 */
export type Kind = (typeof kinds)[number];

export interface Count {
  requests: number;
  failed: number;
  /** Answers by the name of the server. */
  readonly by: Record<string, number>;
}

export interface Clients {
  readonly counts: Readonly<Record<Kind, Count>>;
  /** Resolves when every client has had an answer to a request that it began after now. */
  readonly heard: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

/** Milliseconds between requests of one client, and until one has failed. */
const period = 20;
const limit = 3000;

export interface Target {
  readonly host: string;
  readonly port: number;
  /** How the host's address is found, for each connection. Default: as this computer does it. */
  readonly lookup?: LookupFunction;
}

/** Starts `each` clients of every kind. An answer's body is the name of the server. */
export function startClients(target: Target, each = 3): Clients {
  const counts = Object.fromEntries(
    kinds.map((kind) => [kind, { requests: 0, failed: 0, by: {} }]),
  ) as unknown as Record<Kind, Count>;
  let stopped = false;
  const clients = kinds.flatMap((kind) =>
    Array.from({ length: each }, () => {
      const ask = askers[kind](target);
      const own = { begun: 0, done: 0 };
      const run = (async () => {
        while (!stopped) {
          const count = counts[kind];
          const begun = performance.now();
          own.begun++;
          count.requests++;
          try {
            const server = await ask.request();
            count.by[server] = (count.by[server] ?? 0) + 1;
          } catch {
            count.failed++;
          }
          own.done++;
          await setTimeout(Math.max(0, period - (performance.now() - begun)));
        }
        ask.end();
      })();
      return { own, run };
    }),
  );
  return {
    counts,
    async heard() {
      const marks = clients.map(({ own }) => own.begun + 1);
      while (clients.some(({ own }, n) => own.done < marks[n]!)) await setTimeout(5);
    },
    async stop() {
      stopped = true;
      await Promise.all(clients.map(({ run }) => run));
    },
  };
}

interface Asker {
  readonly request: () => Promise<string>;
  readonly end: () => void;
}

const askers: Readonly<Record<Kind, (target: Target) => Asker>> = {
  new: (target) => byAgent(target, new Agent({ keepAlive: false })),
  obeying: (target) => byAgent(target, new Agent({ keepAlive: true, maxSockets: 1 })),
  ignoring: byHand,
};

function byAgent(target: Target, agent: Agent): Asker {
  return {
    end: () => agent.destroy(),
    request: () =>
      new Promise((resolve, reject) => {
        const request = get({ ...target, agent, signal: AbortSignal.timeout(limit) }, (response) => {
          let body = "";
          response.setEncoding("utf8").on("data", (text: string) => {
            body += text;
          });
          response.once("error", reject).once("end", () => {
            if (response.statusCode === 200) resolve(body);
            else reject(new Error(`${response.statusCode}`));
          });
        });
        request.once("error", reject);
      }),
  };
}

/** HTTP of as little as it takes: a client that reads no header but the length. */
function byHand(target: Target): Asker {
  let socket: Socket | undefined;
  return {
    end: () => socket?.destroy(),
    request: () =>
      new Promise((resolve, reject) => {
        const mine = socket ?? connect(target);
        socket = mine;
        let text = "";
        const end = (error: Error | undefined, body = "") => {
          clearTimeout(timer);
          mine.removeAllListeners();
          // An error that comes between two requests is met by the next one.
          mine.on("error", () => {});
          if (error === undefined) return resolve(body);
          mine.destroy();
          socket = undefined;
          reject(error);
        };
        const timer = globalThis.setTimeout(() => end(new Error("no answer")), limit);
        mine.removeAllListeners();
        mine
          .on("error", end)
          .on("close", () => end(new Error("closed")))
          .on("data", (chunk: Buffer) => {
            text += chunk.toString("latin1");
            const [head, body] = text.split("\r\n\r\n");
            const length = /^content-length: (\d+)/im.exec(head ?? "")?.[1];
            if (body === undefined || length === undefined || body.length < Number(length)) return;
            end(head!.startsWith("HTTP/1.1 200") ? undefined : new Error(head), body);
          });
        if (mine.destroyed) end(new Error("closed"));
        else mine.write("GET / HTTP/1.1\r\nHost: www\r\n\r\n");
      }),
  };
}

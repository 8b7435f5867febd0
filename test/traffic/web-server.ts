// An HTTP server that says its name, and can be told to end its connections gently, or be stopped without a word.
import { once } from "node:events";
import { createServer, type Server } from "node:http";

export interface WebServer {
  /** Answers with `Connection: close` from now on, or no more. */
  closing: boolean;
  readonly start: () => Promise<void>;
  /** Every connection ends as it stands. */
  readonly stop: () => Promise<void>;
}

export function webServer(name: string, port: number, host = "127.0.0.1"): WebServer {
  let server: Server | undefined;
  const own: WebServer = {
    closing: false,
    async start() {
      server = createServer({ keepAliveTimeout: 60_000 }, (_, response) => {
        if (own.closing) response.setHeader("connection", "close");
        response.setHeader("content-length", name.length);
        response.end(name);
      });
      await once(server.listen(port, host), "listening");
    },
    async stop() {
      const stopping = server;
      server = undefined;
      if (stopping === undefined) return;
      const closed = once(stopping, "close");
      stopping.close();
      stopping.closeAllConnections();
      await closed;
    },
  };
  return own;
}

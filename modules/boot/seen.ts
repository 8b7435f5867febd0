// What people and monitors see of the service: one listener, apart from that of the machines.
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { getRequestListener } from "@hono/node-server";
import { type LiveFleet, openLiveFleet, type SoftTimeouts } from "./fleet/index.ts";
import { inTurn } from "./http/connections.ts";
import { type Logger, silentLogger } from "./log/index.ts";
import { type BootMetrics, openBootMetrics } from "./metrics/index.ts";
import { openPage, type Page, type PageOptions } from "./page/index.ts";
import type { BootStore } from "./store/types.ts";

export interface SeenOptions {
  readonly store: BootStore;
  readonly timeouts?: SoftTimeouts;
  /** Heads the page. */
  readonly title?: string;
  readonly notReady?: PageOptions["notReady"];
  readonly logger?: Logger;
  readonly pace?: PageOptions["pace"];
  readonly now?: () => Date;
}

export interface Seen {
  readonly fleet: LiveFleet;
  readonly metrics: BootMetrics;
  readonly page: Page;
  /** @throws what the socket says when the address cannot be had. */
  readonly listen: (host: string, port: number) => Promise<AddressInfo>;
  readonly close: () => Promise<void>;
}

export function openSeen(options: SeenOptions): Seen {
  const { store, timeouts, title, notReady, logger = silentLogger, pace, now } = options;
  const clock = now !== undefined && { now };
  const fleet = openLiveFleet({
    store,
    logger,
    ...clock,
    ...(timeouts !== undefined && { timeouts }),
    onRecord: (before, after) => metrics.record(before, after),
  });
  const metrics = openBootMetrics({
    records: fleet.records,
    views: () => fleet.view().racks.flatMap(({ machines }) => machines),
    pages: () => page.clients(),
  });
  const page = openPage({
    fleet,
    metrics,
    logger,
    ...clock,
    ...(title !== undefined && { title }),
    ...(notReady !== undefined && { notReady }),
    ...(pace !== undefined && { pace }),
  });
  const server = createServer({
    maxHeaderSize: 16 * 1024,
    headersTimeout: 10_000,
    requestTimeout: 15_000,
    keepAliveTimeout: 30_000,
    connectionsCheckingInterval: 2_000,
  });
  // An open page takes one, and a phone opens a few more: nobody keeps the others out.
  inTurn(server, { connections: 512, waiting: 16, stalled: 60_000 }, getRequestListener(page.fetch));
  return {
    fleet,
    metrics,
    page,
    async listen(host, port) {
      server.listen({ port, ...(host !== "" && { host }) });
      await once(server, "listening");
      return server.address() as AddressInfo;
    },
    async close() {
      page.close();
      fleet.close();
      if (!server.listening) return;
      const closed = new Promise((resolve) => server.close(resolve));
      // Those who read slowly come back by themselves.
      setTimeout(() => server.closeAllConnections(), 200).unref();
      await closed;
    },
  };
}

// All traffic to green and back, and what clients saw of it. Whoever has lost the traffic is stopped without a word.
import { setTimeout } from "node:timers/promises";
import { expect } from "vitest";
import { cutover, type Side, type Traffic } from "../../modules/traffic/index.ts";
import { type Clients, kinds, startClients } from "./clients.ts";
import type { WebServer } from "./web-server.ts";

export const clock = {
  now: () => performance.now(),
  sleep: (ms: number, signal?: AbortSignal) => setTimeout(ms, undefined, signal && { signal }),
};

/** For drivers that ask no cluster. */
export const noApi = () => {
  throw new Error("no API is asked");
};

/** A drain that the servers themselves heed: they ask their connections to leave. */
export function heeded(
  servers: Readonly<Record<Side, WebServer>>,
): Pick<Traffic, "startDrain" | "stopDrain"> {
  return {
    startDrain: async (side) => {
      servers[side].closing = true;
    },
    stopDrain: async (side) => {
      servers[side].closing = false;
    },
  };
}

export interface RoundTrip {
  readonly traffic: Traffic;
  readonly clients: Clients;
  readonly blue: WebServer;
  readonly green: WebServer;
  /** How the measured lines call it. */
  readonly name: string;
  /** Requests on connections that stay whatever they are told. */
  readonly ignoringAtMost: number;
  /** Of each other kind: requests that are under way just when connections are cut. Default: none are. */
  readonly cutAtMost?: number;
}

/** Nobody who makes a new connection, or leaves one when asked, loses a request that is not cut half-way. */
export async function thereAndBack(trip: RoundTrip): Promise<void> {
  const { traffic, clients, blue, green, name, ignoringAtMost, cutAtMost = 0 } = trip;
  const go = (share: number) => cutover({ traffic, share, clock, say: () => {} });
  await go(100);
  await blue.stop();
  await clients.heard();
  const there = structuredClone(clients.counts);
  await blue.start();
  await go(0);
  await green.stop();
  await clients.heard();
  const { counts } = clients;
  for (const kind of kinds) {
    const { requests, failed, by } = counts[kind];
    console.log(
      `[measured] cut-over and back ${name}, ${kind}: ${failed} of ${requests} requests failed (${there[kind].failed} on the way there)`,
    );
    expect(by["prod-v1"]).toBeGreaterThan(0);
    expect(by["prod-v2"]).toBeGreaterThan(0);
  }
  expect(counts.new.failed).toBeLessThanOrEqual(cutAtMost);
  expect(counts.obeying.failed).toBeLessThanOrEqual(cutAtMost);
  expect(counts.ignoring.failed).toBeLessThanOrEqual(ignoringAtMost);
}

/** The same with clients of an address, which is looked at all the time meanwhile. */
export async function thereAndBackWatched(
  address: string,
  look: () => void,
  trip: Omit<RoundTrip, "clients">,
): Promise<void> {
  let watching = true;
  const watch = (async () => {
    while (watching) {
      look();
      await setTimeout(20);
    }
  })();
  const clients = startClients({ host: address, port: 80 });
  try {
    await clients.heard();
    await thereAndBack({ ...trip, clients });
  } finally {
    watching = false;
    await watch;
    await clients.stop();
  }
}

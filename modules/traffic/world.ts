// Sockets as drivers of traffic use them: the thin edge, handed in by whoever opens it.

import { Resolver } from "node:dns/promises";
import { once } from "node:events";
import { connect as open } from "node:net";
import type { TrafficDeps } from "./types.ts";

/** Milliseconds. */
const answerTime = 2000;

export const resolveAt: TrafficDeps["resolve"] = async ({ address, port }, name, type, signal) => {
  signal?.throwIfAborted();
  const resolver = new Resolver({ timeout: answerTime, tries: 2 });
  resolver.setServers([address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`]);
  const cancel = () => resolver.cancel();
  signal?.addEventListener("abort", cancel, { once: true });
  try {
    return type === "A"
      ? await resolver.resolve4(name, { ttl: true })
      : await resolver.resolve6(name, { ttl: true });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENODATA" || code === "ENOTFOUND") return [];
    throw error;
  } finally {
    signal?.removeEventListener("abort", cancel);
  }
};

export const connect: TrafficDeps["connect"] = async (address, port, signal) => {
  const limit = AbortSignal.timeout(answerTime);
  const socket = open({ host: address, port });
  try {
    await once(socket, "connect", { signal: signal ? AbortSignal.any([signal, limit]) : limit });
  } catch (error) {
    if (!limit.aborted) throw error;
    throw new Error(`${address}, port ${port}: no answer within ${answerTime / 1000} s`, { cause: error });
  } finally {
    socket.destroy();
  }
};

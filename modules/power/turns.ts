// Turns at switching machines on: a rack's breakers bear only so many at once.
//
// Steps of a deploy run in one process, or each in one of its own (below cdktf's CLI), and a person may switch machines
// on beside them. So a turn is a thing of this computer's: a socket with a name in the kernel's abstract namespace, which
// one process can have at a time, which leaves no file, and which is free again however its process ends.
import { createHash } from "node:crypto";
import { createServer, type Server } from "node:net";
import { setTimeout } from "node:timers/promises";
import type { PowerLimits } from "../plan/index.ts";
import type { PowerDeps } from "./types.ts";

/** Milliseconds between two tries, while all turns are taken. */
const shortestPause = 50;
const longestPause = 1000;

/** For all machines of one site, on this computer. */
export function turns(
  site: string,
  { atOnce, stagger }: PowerLimits,
  /** Seconds: a dead machine, or one that waits for a person's hands, must not keep the others. */
  longestTurn = 30,
): NonNullable<PowerDeps["takeTurn"]> {
  const name = createHash("sha256").update(site).digest("hex").slice(0, 16);
  return async (switchOn, signal) => {
    const turn = await take(name, atOnce, signal);
    const over = new AbortController();
    const longest = setTimeout(longestTurn * 1000, undefined, { ref: false, signal: over.signal });
    longest.then(() => turn.close()).catch(() => {});
    try {
      const result = await switchOn();
      await pause(stagger * 1000, signal);
      return result;
    } finally {
      over.abort();
      turn.close();
    }
  };
}

async function take(name: string, count: number, signal: AbortSignal | undefined): Promise<Server> {
  for (let rest = shortestPause; ; rest = Math.min(rest * 1.5, longestPause)) {
    signal?.throwIfAborted();
    const first = Math.floor(Math.random() * count);
    for (let offset = 0; offset < count; offset += 1) {
      const turn = await tryTake(`\0landfall-power-${name}-${(first + offset) % count}`);
      if (turn !== undefined) return turn;
    }
    await pause(rest * (0.5 + Math.random()), signal);
  }
}

/** Rejects with the signal's own reason. */
async function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  await setTimeout(milliseconds, undefined, signal && { signal }).catch(() => {});
  signal?.throwIfAborted();
}

function tryTake(path: string): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer((stranger) => stranger.destroy());
    server
      .once("error", (error: NodeJS.ErrnoException) =>
        error.code === "EADDRINUSE" ? resolve(undefined) : reject(error),
      )
      .listen(path, () => resolve(server));
  });
}

// One open page: what it lacks is sent to it, a heartbeat when there is nothing. Never more than one message is under
// way; a client that is slow skips what is overtaken.
import type { SSEStreamingApi } from "hono/streaming";
import type { Owed } from "./feed.ts";

export interface Following {
  readonly stream: Pick<SSEStreamingApi, "writeSSE" | "write" | "onAbort">;
  /** What the client has. */
  readonly from: string | undefined;
  readonly owed: (version: string | undefined) => { readonly owed: Owed; readonly version: string };
  /** Resolves at the next change. */
  readonly changed: (signal: AbortSignal) => Promise<void>;
  /** Ends it: the service stops. */
  readonly signal: AbortSignal;
  readonly pace: Pace;
}

export interface Pace {
  /** Least time between two messages to one client. Default: 250 ms. */
  readonly intervalMs: number;
  /** Something is sent at least this often, so that a dead connection is found by both sides. Default: 15 s. */
  readonly heartbeatMs: number;
  /** A client that takes nothing for so long is let go. Default: 30 s. */
  readonly writeTimeoutMs: number;
}

export const defaultPace: Pace = { intervalMs: 250, heartbeatMs: 15_000, writeTimeoutMs: 30_000 };

export async function follow({ stream, from, owed, changed, signal, pace }: Following): Promise<void> {
  const ended = new AbortController();
  const end = () => ended.abort();
  stream.onAbort(end);
  signal.addEventListener("abort", end);
  if (signal.aborted) end();
  try {
    let version = from;
    // How long the client waits before it connects again.
    await inTime(stream.write("retry: 2000\n\n"), pace.writeTimeoutMs);
    while (!ended.signal.aborted) {
      const next = owed(version);
      if (next.owed === "nothing") {
        const woken = changed(ended.signal).then(() => true);
        const asleep = sleep(pace.heartbeatMs, ended.signal).then(() => false);
        if (!(await Promise.race([woken, asleep])) && !ended.signal.aborted)
          await inTime(stream.write(": alive\n\n"), pace.writeTimeoutMs);
        continue;
      }
      version = next.version;
      const message =
        next.owed === "reset"
          ? { event: "reset", data: "", id: version }
          : { event: "patch", data: JSON.stringify(next.owed.fragments), id: version };
      await inTime(stream.writeSSE(message), pace.writeTimeoutMs);
      // Much at once is much work for a phone: it gets longer to do it in.
      const many = next.owed === "reset" ? 0 : next.owed.fragments.length;
      await sleep(pace.intervalMs + many, ended.signal);
    }
  } finally {
    end();
    signal.removeEventListener("abort", end);
  }
}

/** Rejects when the client does not take what was written. */
async function inTime(written: Promise<unknown>, milliseconds: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error("the client takes nothing")), milliseconds);
  });
  try {
    await Promise.race([written, late]);
  } finally {
    clearTimeout(timer);
  }
}

function sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    signal.addEventListener("abort", done);
  });
}

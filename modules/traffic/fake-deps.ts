// A world for the tests of this module: nothing answers, and time passes only while someone sleeps.
import type { TrafficDeps } from "./types.ts";

const nothing = async (): Promise<never> => {
  throw new Error("ENOENT: no such thing, and its contents were hmac-sha256:key:aHVudGVyMg==");
};

export function fakeDeps(more: Partial<TrafficDeps> = {}): TrafficDeps {
  let now = 0;
  return {
    env: {},
    readFile: nothing,
    runCommand: nothing,
    resolve: nothing,
    connect: nothing,
    api: () => {
      throw new Error("no API");
    },
    clock: {
      now: () => now,
      sleep: async (milliseconds, signal) => {
        signal?.throwIfAborted();
        now += milliseconds;
      },
    },
    ...more,
  };
}

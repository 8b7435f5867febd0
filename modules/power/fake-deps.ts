// A world for the tests of this module: nothing answers, and time passes only while someone sleeps.
import type { PowerDeps } from "./types.ts";

const nothing = async (): Promise<never> => {
  throw new Error("ENOENT: no such thing, and its contents were admin:hunter2");
};

export function fakeDeps(more: Partial<PowerDeps> = {}): PowerDeps {
  let now = 0;
  return {
    fetch: nothing,
    env: {},
    readFile: nothing,
    runCommand: nothing,
    sendPacket: nothing,
    answers: async () => false,
    tell: () => {},
    confirmed: undefined,
    clock: {
      now: () => now,
      sleep: async (milliseconds) => {
        now += milliseconds;
      },
    },
    random: () => 0.5,
    ...more,
  };
}

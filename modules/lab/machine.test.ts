import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ConsoleLog } from "./console.ts";
import { type MachineBody, RackMachine, type RunEnd } from "./machine.ts";
import { temporaryFolder } from "./testing.ts";

/** A machine whose runs the test ends. */
function machine() {
  const events: string[] = [];
  const runs: {
    network: boolean;
    signal: AbortSignal;
    end: (how: RunEnd) => void;
    fail: (error: Error) => void;
  }[] = [];
  const waiting: (() => void)[] = [];
  let plugged = 0;
  const body: MachineBody = {
    kind: "nspawn",
    plug: async () => {
      plugged++;
    },
    unplug: async () => {
      plugged--;
    },
    kill: () => {},
    run: (network, signal) =>
      new Promise((resolve, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason));
        runs.push({ network, signal, end: resolve, fail: reject });
        waiting.shift()?.();
      }),
  };
  const console = new ConsoleLog(join(temporaryFolder(), "console.log"));
  const rack = new RackMachine("m1", body, console, (stage) => events.push(stage));
  /** Resolves when one more run has begun. */
  const nextRun = () => new Promise<void>((resolve) => waiting.push(resolve));
  return { rack, events, runs, nextRun, plugged: () => plugged };
}

describe("a machine", () => {
  it("boots once from the network, and after a reboot no more", async () => {
    const { rack, runs, nextRun, events } = machine();
    rack.bootOnce = true;
    await rack.powerOn();
    expect(rack.bootOnce).toBe(false);
    const again = nextRun();
    runs[0]!.end("reboot");
    await again;
    expect(runs.map(({ network }) => network)).toEqual([true, false]);
    expect(events).toEqual(["power", "reboot"]);
  });

  it("has no power after it switched itself off", async () => {
    const { rack, runs, events, plugged } = machine();
    await rack.powerOn();
    runs[0]!.end("off");
    await expect.poll(() => rack.power).toBe("Off");
    expect([events, plugged()]).toEqual([["power", "off"], 0]);
  });

  it("keeps its power when it halts, and says why it failed", async () => {
    const { rack, runs } = machine();
    await rack.powerOn();
    runs[0]!.fail(new Error("no root"));
    await rack.powerOn();
    expect(rack.power).toBe("On");
    expect(runs).toHaveLength(1);
    await rack.powerOff();
    expect(rack.power).toBe("Off");
  });

  it("takes power and never boots when it is dead", async () => {
    const { rack, runs, plugged } = machine();
    rack.dead = true;
    await rack.powerOn();
    expect([rack.power, runs.length, plugged()]).toEqual(["On", 0, 0]);
  });

  it("does what is asked one after the other, and nothing twice", async () => {
    const { rack, runs, events, plugged } = machine();
    await Promise.all([rack.powerOn(), rack.powerOn(), rack.powerOff(), rack.powerOff(), rack.powerOn()]);
    expect(events).toEqual(["power", "off", "power"]);
    expect(runs.map(({ signal }) => signal.aborted)).toEqual([true, false]);
    expect(plugged()).toBe(1);
  });

  it("is not switched off by the end of an earlier run", async () => {
    const { rack, runs } = machine();
    await rack.powerOn();
    runs[0]!.end("off");
    await Promise.all([rack.powerOff(), rack.powerOn()]);
    await rack.powerOn();
    expect(rack.power).toBe("On");
  });
});

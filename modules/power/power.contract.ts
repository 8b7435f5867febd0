// What every driver must do, whatever its controller speaks. A driver's test calls this with its own fake.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Power } from "./types.ts";

export interface Rack {
  readonly power: Power;
  /** What is true of the machine, whatever its controller says. */
  readonly machine: {
    on: boolean;
    readonly networkOnce: boolean;
    readonly starts: number;
    readonly networkStarts: number;
    console: string;
  };
}

export interface Weather {
  /** From 0 up to 1, the same run by run. */
  readonly dice: () => number;
  /** Share of requests that fail. */
  readonly errors: number;
  /** Share of changes that are claimed and not done. */
  readonly lies: number;
  /** Undefined: the controller keeps no console. */
  readonly console: string | undefined;
}

const calm: Weather = { dice: () => 1, errors: 0, lies: 0, console: "login: " };

export function powerContract(driver: string, makeRack: (weather: Weather) => Rack): void {
  describe(`${driver} as a power driver`, () => {
    test("a machine that is off is turned on, and off again", async () => {
      const { power, machine } = makeRack(calm);
      expect(await power.state()).toBe("off");
      await power.on();
      expect(machine.on).toBe(true);
      expect(await power.state()).toBe("on");
      await power.off();
      expect(machine.on).toBe(false);
      expect(await power.state()).toBe("off");
    });

    test("on leaves a running machine alone, off a stopped one", async () => {
      const { power, machine } = makeRack(calm);
      await power.off();
      expect(machine.starts).toBe(0);
      await power.on();
      await power.on();
      expect(machine.starts).toBe(1);
    });

    test("cycle starts a running machine anew, and a stopped one", async () => {
      const { power, machine } = makeRack(calm);
      await power.cycle();
      expect(machine.starts).toBe(1);
      await power.cycle();
      expect(machine.starts).toBe(2);
      expect(machine.on).toBe(true);
    });

    test("boot from network holds for one start", async () => {
      const { power, machine } = makeRack(calm);
      await power.bootFromNetworkOnce();
      expect(machine.networkOnce).toBe(true);
      await power.on();
      await power.cycle();
      expect(machine.starts).toBe(2);
      expect(machine.networkStarts).toBe(1);
    });

    test("the console is what the machine printed, or undefined where none is kept", async () => {
      const kept = makeRack(calm);
      kept.machine.console += "landfall: stage boot\n";
      expect(await kept.power.console()).toBe("login: landfall: stage boot\n");
      expect(await makeRack({ ...calm, console: undefined }).power.console()).toBeUndefined();
    });

    test("any sequence comes out right where a fifth fails and a tenth is a lie", async () => {
      const step = fc.constantFrom("on", "off", "cycle", "bootFromNetworkOnce", "state", "console");
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 12 }), fc.integer(), async (steps, seed) => {
          const { power, machine } = makeRack({ ...calm, dice: seeded(seed), errors: 0.2, lies: 0.1 });
          for (const name of steps) {
            const before = { ...machine };
            const said = await power[name]();
            if (name === "on" || name === "cycle") expect(machine.on).toBe(true);
            if (name === "off") expect(machine.on).toBe(false);
            if (name === "bootFromNetworkOnce") expect(machine.networkOnce).toBe(true);
            if (name === "cycle") expect(machine.starts).toBe(before.starts + 1);
            if (name === "state") expect(said).toBe(machine.on ? "on" : "off");
            if (name === "console") expect(said).toBe(machine.console);
          }
        }),
        { seed: 3, numRuns: 300 },
      );
    });
  });
}

/** mulberry32: small, and the same everywhere. */
function seeded(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

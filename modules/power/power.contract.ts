// What every driver must do, whatever its controller speaks: a driver's tests call this with a fake of its own, and with
// implementations that are not ours (the peers).
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Power } from "./types.ts";

export interface Rack {
  readonly power: Power;
  /** What is true of the machine, whatever its controller says. */
  readonly machine: {
    readonly on: boolean;
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

/** What a controller has to be able to do for what is asked of its driver. */
export interface Abilities {
  /** Whether it can be told to start from the network: for one start, only for all, or not at all. */
  readonly networkBoot: "once" | "always" | "none";
  /** Whether it keeps what the machine printed. */
  readonly console: boolean;
}

const calm: Weather = { dice: () => 1, errors: 0, lies: 0, console: "login: " };

/** For any implementation of the controller. `makeRack` gives a machine that is off, and that no other test has. */
export function powerContract(
  driver: string,
  abilities: Abilities,
  makeRack: (console: string | undefined) => Rack | Promise<Rack>,
): void {
  // Real controllers take their time: all of them at once.
  describe(`${driver} as a power driver`, { concurrent: true }, () => {
    test("a machine that is off is turned on, and off again", async () => {
      const { power, machine } = await makeRack(calm.console);
      expect(await power.state()).toBe("off");
      await power.on();
      expect(machine.on).toBe(true);
      expect(await power.state()).toBe("on");
      await power.off();
      expect(machine.on).toBe(false);
      expect(await power.state()).toBe("off");
    });

    test("on leaves a running machine alone, off a stopped one", async () => {
      const { power, machine } = await makeRack(calm.console);
      await power.off();
      expect(machine.starts).toBe(0);
      await power.on();
      await power.on();
      expect(machine.starts).toBe(1);
    });

    test("cycle starts a running machine anew, and a stopped one", async () => {
      const { power, machine } = await makeRack(calm.console);
      await power.cycle();
      expect(machine.starts).toBe(1);
      await power.cycle();
      expect(machine.starts).toBe(2);
      expect(machine.on).toBe(true);
    });

    if (abilities.networkBoot === "once") {
      test("boot from network holds for one start", async () => {
        const { power, machine } = await makeRack(calm.console);
        await power.bootFromNetworkOnce();
        expect(machine.networkOnce).toBe(true);
        await power.on();
        await power.cycle();
        expect(machine.starts).toBe(2);
        expect(machine.networkStarts).toBe(1);
      });
    } else {
      test("the next start is from the network", async () => {
        const { power, machine } = await makeRack(calm.console);
        await power.bootFromNetworkOnce();
        await power.on();
        expect(machine.networkStarts).toBe(1);
      });
    }

    test("the console is what the machine printed, or undefined where none is kept", async () => {
      expect(await (await makeRack(undefined)).power.console()).toBeUndefined();
      if (!abilities.console) return;
      const kept = await makeRack(calm.console);
      kept.machine.console += "landfall: stage boot\n";
      expect(await kept.power.console()).toBe("login: landfall: stage boot\n");
    });
  });
}

/** For controllers that can be made to fail and to lie. */
export function stormContract(
  driver: string,
  abilities: Abilities,
  makeRack: (weather: Weather) => Rack,
): void {
  test(`${driver}: any sequence comes out right where a fifth fails and a tenth is a lie`, async () => {
    const step = fc.constantFrom("on", "off", "cycle", "bootFromNetworkOnce", "state", "console");
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), fc.integer(), async (steps, seed) => {
        const { power, machine } = makeRack({ ...calm, dice: seeded(seed), errors: 0.2, lies: 0.1 });
        for (const name of steps) {
          const before = { ...machine };
          const said = await power[name]();
          if (name === "on" || name === "cycle") expect(machine.on).toBe(true);
          if (name === "off") expect(machine.on).toBe(false);
          if (name === "bootFromNetworkOnce" && abilities.networkBoot === "once")
            expect(machine.networkOnce).toBe(true);
          if (name === "cycle") expect(machine.starts).toBe(before.starts + 1);
          if (name === "state") expect(said).toBe(machine.on ? "on" : "off");
          if (name === "console") expect(said).toBe(abilities.console ? machine.console : undefined);
        }
      }),
      { seed: 3, numRuns: 300 },
    );
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

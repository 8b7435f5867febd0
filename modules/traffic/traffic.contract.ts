// What every driver must do, whatever steers the traffic: a driver's tests call this with a fake, and with real ones.
import { describe, expect, test } from "vitest";
import type { Traffic } from "./types.ts";

export interface World {
  readonly traffic: Traffic;
  /** Percent at green, whatever the driver thinks. */
  readonly share: () => number;
  /** Someone else moves the traffic. */
  readonly steer: (share: number) => void | Promise<void>;
  /** Someone else sends it to a cluster that is neither. Undefined: cannot be said to this driver. */
  readonly stray: (() => void | Promise<void>) | undefined;
  /** For how many of its states so far nobody got the traffic. */
  readonly gaps: () => number;
  readonly writes: () => number;
  /** Whether everything fails from now on. */
  readonly fail: (broken: boolean) => void | Promise<void>;
}

/** `makeWorld` gives one in which blue has all the traffic, and that no other test has. */
export function trafficContract(driver: string, makeWorld: () => World | Promise<World>): void {
  describe(`${driver} as a traffic driver`, () => {
    test("traffic goes to green, and back", async () => {
      const { traffic, share, gaps } = await makeWorld();
      expect((await traffic.state()).share).toBe(0);
      await traffic.shift(100);
      expect(share()).toBe(100);
      expect((await traffic.state()).share).toBe(100);
      await traffic.shift(0);
      expect(share()).toBe(0);
      expect((await traffic.state()).share).toBe(0);
      expect(gaps()).toBe(0);
    });

    test("each share that it says it can do is done", async () => {
      const { traffic, share, gaps } = await makeWorld();
      expect(traffic.shares[0]).toBe(0);
      expect(traffic.shares.at(-1)).toBe(100);
      expect(traffic.shares).toEqual([...traffic.shares].sort((a, b) => a - b));
      const some = traffic.shares.filter((_, n) => n % Math.ceil(traffic.shares.length / 10) === 0);
      for (const wanted of [...some].reverse()) {
        await traffic.shift(wanted);
        expect([share(), (await traffic.state()).share]).toEqual([wanted, wanted]);
      }
      expect(gaps()).toBe(0);
    });

    test("a share that it cannot do is refused before anything is written", async () => {
      const { traffic, writes } = await makeWorld();
      for (const wanted of [-1, 0.5, 101, Number.NaN])
        await expect(traffic.shift(wanted)).rejects.toMatchObject({ code: "share-impossible" });
      expect(writes()).toBe(0);
    });

    test("where the traffic is there already, nothing is written", async () => {
      const { traffic, writes } = await makeWorld();
      await traffic.shift(0);
      expect(writes()).toBe(0);
      await traffic.shift(100);
      const once = writes();
      await traffic.shift(100);
      expect(writes()).toBe(once);
    });

    test("what someone else moves is seen", async () => {
      const { traffic, share, steer } = await makeWorld();
      await traffic.shift(100);
      await steer(0);
      expect((await traffic.state()).share).toBe(0);
      await traffic.shift(100);
      expect(share()).toBe(100);
    });

    test("traffic that goes to neither cluster is not touched", async () => {
      const { traffic, stray, writes } = await makeWorld();
      if (stray === undefined) return;
      await stray();
      const before = writes();
      await expect(traffic.state()).rejects.toMatchObject({ code: "traffic-unknown" });
      await expect(traffic.shift(100)).rejects.toMatchObject({ name: "LandfallError" });
      expect(writes()).toBe(before);
    });

    test("what steers it being away is said, and the same call does it later", async () => {
      const { traffic, share, fail } = await makeWorld();
      await fail(true);
      await expect(traffic.state()).rejects.toMatchObject({ name: "LandfallError" });
      await expect(traffic.shift(100)).rejects.toMatchObject({ name: "LandfallError" });
      await fail(false);
      expect((await traffic.state()).share).toBe(0);
      await traffic.shift(100);
      expect(share()).toBe(100);
    });
  });
}

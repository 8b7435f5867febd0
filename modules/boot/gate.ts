// The one question that the wire asks of orders.
import { LandfallError } from "../spec/error.ts";
import type { Machines } from "./machine/machines.ts";
import { answer } from "./machine/transition.ts";
import type { BootAnswer } from "./machine/types.ts";

export interface BootGate {
  /**
   * What this machine boots now; takes its armed order, atomically and durably, before it answers. `undefined`: a
   * machine that Landfall does not know, which is answered as Matchbox would.
   * @param mac lower case, joined with ':'
   * @throws {LandfallError} `store-unreachable`, `store-full`, `record-broken`: answered 503, so that it asks again.
   */
  boot(mac: string): Promise<BootAnswer | undefined>;
  /** Without taking anything: the same question for Ignition and metadata. */
  peek(mac: string): Promise<BootAnswer | undefined>;
}

export function bootGate(machines: Machines, now: () => Date): BootGate {
  return {
    async boot(mac) {
      try {
        return (await machines.apply(mac, { type: "boot" })).answer;
      } catch (error) {
        if (error instanceof LandfallError && error.code === "unknown-machine") return undefined;
        throw error;
      }
    },
    async peek(mac) {
      const record = await machines.get(mac);
      return record && answer(record, now());
    },
  };
}

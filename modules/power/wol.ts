// Wake-on-LAN: a machine without a management controller is woken by its network interface, and told by nothing else.
import type { WolPlan } from "../plan/index.ts";
import { LandfallError } from "../spec/index.ts";
import { probe } from "./probe.ts";
import type { Power, PowerDeps, PowerOptions } from "./types.ts";

/** Datagrams get lost. */
const copies = 3;

/** The MAC of the machine sixteen times, after six bytes of ones. */
export function magicPacket(mac: string): Uint8Array {
  const address = Buffer.from(mac.replaceAll(":", ""), "hex");
  return Buffer.concat([Buffer.alloc(6, 0xff), ...Array.from({ length: 16 }, () => address)]);
}

export function wol(bmc: WolPlan, deps: PowerDeps, options: PowerOptions = {}): Power {
  const { machine, broadcast, port, patience, off } = bmc;
  const { name, mac, address } = machine;
  const { state, wait } = probe(bmc, deps, options);

  async function wake(): Promise<void> {
    for (let copy = 0; copy < copies; copy += 1)
      await deps.sendPacket(magicPacket(mac), { address: broadcast, port });
  }

  async function stop(): Promise<void> {
    if (off === undefined)
      throw new LandfallError("power-off-impossible", `${name} is on, and cannot be switched off from here`, {
        found: "driver wol without off: magic packets only switch on",
        expected: `${name} switched off`,
        next: `switch ${name} off by hand, then run this again; or give its bmc an off command in the site file`,
      });
    await deps.runCommand(off.argv, { folder: off.folder, signal: options.signal });
  }

  const power: Power = {
    state,
    on: () =>
      wait("on", {
        what: `wake ${name}`,
        patience,
        ask: wake,
        failure: {
          code: "machine-not-woken",
          next: `see whether ${name} has power and Wake-on-LAN is on in its firmware, whether ${broadcast} reaches ${mac}, and whether it gets ${address} when it starts from the network; then run this again`,
        },
      }),
    off: () =>
      wait("off", {
        what: `switch ${name} off`,
        patience,
        ask: stop,
        failure: {
          code: "machine-not-off",
          next: `switch ${name} off by hand, then run this again; see what its bmc.off command does`,
        },
      }),
    async cycle() {
      await power.off();
      await power.on();
    },
    // There is nobody to take the order: its firmware starts from the network first, each time.
    bootFromNetworkOnce: async () => {},
    console: async () => undefined,
  };
  return power;
}

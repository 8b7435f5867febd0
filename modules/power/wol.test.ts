import { describe, expect, test } from "vitest";
import type { WolPlan } from "../plan/index.ts";
import { fakeDeps } from "./fake-deps.ts";
import { fakeMachine } from "./fake-machine.ts";
import { openPower } from "./index.ts";
import { powerContract, stormContract, type Weather } from "./power.contract.ts";
import { magicPacket } from "./wol.ts";

const bmc: WolPlan = {
  driver: "wol",
  machine: { name: "m1", mac: "52:54:00:77:00:11", address: "10.20.0.11" },
  broadcast: "10.20.0.255",
  port: 9,
  off: { argv: ["ssh", "root@10.20.0.11", "poweroff"], folder: "/site" },
  probePort: 22,
  patience: 600,
};

function network({ dice = () => 1, errors = 0, lies = 0 }: Partial<Weather> = {}) {
  const machine = fakeMachine();
  // Its firmware starts from the network first.
  machine.networkOnce = true;
  const deps = fakeDeps({
    sendPacket: async (packet, to) => {
      if (dice() < errors) throw new Error("send ENETUNREACH");
      const mine = Buffer.from(packet).equals(Buffer.from(magicPacket(bmc.machine.mac)));
      if (mine && to.address === bmc.broadcast && to.port === 9 && dice() >= lies) machine.start();
    },
    answers: async (address, port) => address === bmc.machine.address && port === 22 && machine.on,
    runCommand: async () => {
      if (dice() < errors) throw new Error("ssh ended with 255: connection refused");
      if (dice() >= lies) machine.on = false;
      return "";
    },
  });
  return { machine, deps };
}

const rack = (weather: Partial<Weather>) => {
  const { machine, deps } = network(weather);
  return { power: openPower(bmc, deps), machine };
};
powerContract("wol", { networkBoot: "none", console: false }, () => rack({}));
stormContract("wol", { networkBoot: "none", console: false }, rack);

test("a magic packet is six bytes of ones and the MAC sixteen times", () => {
  const packet = magicPacket("52:54:00:77:00:11");
  expect(Buffer.from(packet).toString("hex")).toBe(`ffffffffffff${"525400770011".repeat(16)}`);
});

describe("what cannot be done is said, with what to do instead", () => {
  test("a machine that does not wake", async () => {
    const deps = fakeDeps({ sendPacket: async () => {} });
    await expect(openPower(bmc, deps).on()).rejects.toMatchObject({
      code: "machine-not-woken",
      message: "could not wake m1 within 600 s",
      details: { found: "no answer", next: expect.stringContaining("10.20.0.255") },
    });
  });

  test("a machine that nothing switches off", async () => {
    const { machine, deps } = network();
    const power = openPower({ ...bmc, off: undefined }, deps);
    await power.off();
    await power.on();
    await expect(power.off()).rejects.toMatchObject({
      code: "power-off-impossible",
      details: { next: expect.stringContaining("switch m1 off by hand") },
    });
    expect(machine.on).toBe(true);
  });

  test("a machine that stays on", async () => {
    const deps = fakeDeps({ answers: async () => true, runCommand: async () => "" });
    await expect(openPower(bmc, deps, { timeoutSeconds: 60 }).off()).rejects.toMatchObject({
      code: "machine-not-off",
      details: { found: "an answer from 10.20.0.11, port 22" },
    });
  });
});

test("a single lost answer is no silence", async () => {
  let looks = 0;
  const deps = fakeDeps({ answers: async () => ++looks === 3 });
  expect(await openPower(bmc, deps).state()).toBe("on");
});

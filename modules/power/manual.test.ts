import { expect, test } from "vitest";
import type { ManualPlan } from "../plan/index.ts";
import { fakeDeps } from "./fake-deps.ts";
import { fakeMachine } from "./fake-machine.ts";
import { openPower, type PowerDeps } from "./index.ts";
import { powerContract, stormContract, type Weather } from "./power.contract.ts";

const bmc: ManualPlan = {
  driver: "manual",
  machine: { name: "m1", mac: "52:54:00:77:00:11", address: "10.20.0.11" },
  probePort: 22,
  patience: 3600,
};

/** A person who does as told, but for mistakes, while time passes. */
function person({ dice = () => 1, lies = 0 }: Partial<Weather> = {}, more: Partial<PowerDeps> = {}) {
  const machine = fakeMachine();
  const told: string[] = [];
  const world = fakeDeps(more);
  const act = (sentence: string) => {
    if (dice() < lies) return;
    machine.networkOnce ||= sentence.includes("PXE");
    if (/\) on\b/.test(sentence)) machine.start();
    else machine.on = false;
  };
  const deps: PowerDeps = {
    ...world,
    tell: (sentence) => told.push(sentence),
    answers: async () => machine.on,
    clock: {
      now: world.clock.now,
      sleep: async (milliseconds, signal) => {
        await world.clock.sleep(milliseconds, signal);
        act(told.at(-1) ?? "");
      },
    },
  };
  return { machine, told, act, deps };
}

const rack = (weather: Partial<Weather>) => {
  const { machine, deps } = person(weather);
  return { power: openPower(bmc, deps), machine };
};
powerContract("manual", { networkBoot: "once", console: false }, () => {
  // Nobody but the person knows of the order: it is in the sentence.
  const { power, machine } = rack({});
  const order = async () => {
    await power.bootFromNetworkOnce();
    machine.networkOnce = true;
  };
  return { power: { ...power, bootFromNetworkOnce: order }, machine };
});
stormContract("manual", { networkBoot: "none", console: false }, rack);

test("the person is told in one sentence, once", async () => {
  const { told, deps } = person();
  const power = openPower(bmc, deps);
  await power.bootFromNetworkOnce();
  await power.on();
  await power.cycle();
  expect(told).toEqual([
    "switch m1 (10.20.0.11, 52:54:00:77:00:11) on, and let it start from the network this once (PXE)",
    "switch m1 (10.20.0.11, 52:54:00:77:00:11) off: hold its power button until it is dark",
    "switch m1 (10.20.0.11, 52:54:00:77:00:11) on",
  ]);
});

test("who confirms that it is on is believed, and that it is off is looked at", async () => {
  const { machine, told, deps } = person({}, { confirmed: async () => {} });
  const idle: PowerDeps = { ...deps, clock: fakeDeps().clock };
  await openPower(bmc, idle).on();
  expect(machine.on).toBe(false);
  expect(told).toEqual([expect.stringMatching(/ on, then press Enter$/)]);
  machine.start();
  await expect(openPower(bmc, idle, { timeoutSeconds: 60 }).off()).rejects.toMatchObject({
    code: "nobody-came",
  });
});

test("nobody came: what to do is said again", async () => {
  const { deps } = person();
  const alone: PowerDeps = { ...deps, clock: fakeDeps().clock };
  await expect(openPower(bmc, alone).on()).rejects.toMatchObject({
    code: "nobody-came",
    message: "could not have m1 switched on: nobody did so within 3600 s",
    details: { found: "no answer", next: expect.stringMatching(/^switch m1 .*; then run this again$/) },
  });
});

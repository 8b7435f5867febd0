import { expect, test } from "vitest";
import type { ExecPlan } from "../plan/index.ts";
import { fakeDeps } from "./fake-deps.ts";
import { fakeMachine } from "./fake-machine.ts";
import { openPower, type PowerDeps } from "./index.ts";
import { powerContract, stormContract, type Weather } from "./power.contract.ts";

const command = (word: string) => ({ argv: ["outlet", word, "m1"], folder: "/site" });
const bmc: ExecPlan = {
  driver: "exec",
  machine: { name: "m1", mac: "52:54:00:77:00:11", address: "10.20.0.11" },
  state: command("state"),
  on: command("on"),
  off: command("off"),
  networkBoot: command("network-boot"),
  nextBoot: command("next-boot"),
  console: command("console"),
};

function outlet({ dice = () => 1, errors = 0, lies = 0, console = "" }: Partial<Weather> = {}) {
  const machine = fakeMachine(console);
  const changes: Readonly<Record<string, () => void>> = {
    on: machine.start,
    off: () => {
      machine.on = false;
    },
    "network-boot": () => {
      machine.networkOnce = true;
    },
  };
  const answers: Readonly<Record<string, () => string>> = {
    state: () => (machine.on ? "ON\n" : "off\n"),
    "next-boot": () => (machine.networkOnce ? "network\n" : "disk\n"),
    console: () => machine.console,
  };
  const runCommand: PowerDeps["runCommand"] = async ([program, word = "", name], options) => {
    expect([program, name, options?.folder]).toEqual(["outlet", "m1", "/site"]);
    if (dice() < errors) throw new Error("outlet ended with 1: timeout");
    if (word in changes && dice() >= lies) changes[word]?.();
    return answers[word]?.() ?? "";
  };
  return { machine, deps: fakeDeps({ runCommand }) };
}

const abilities = { networkBoot: "once", console: true } as const;
const rack = (weather: Partial<Weather>) => {
  const { machine, deps } = outlet(weather);
  return {
    power: openPower(weather.console === undefined ? { ...bmc, console: undefined } : bmc, deps),
    machine,
  };
};
powerContract("exec", abilities, (console) => rack({ console }));
stormContract("exec", abilities, rack);

test("without a way to read it back, a network boot that was ordered is believed", async () => {
  const { machine, deps } = outlet();
  await openPower({ ...bmc, nextBoot: undefined }, deps).bootFromNetworkOnce();
  expect(machine.networkOnce).toBe(true);
  machine.networkOnce = false;
  await openPower({ ...bmc, networkBoot: undefined, nextBoot: undefined }, deps).bootFromNetworkOnce();
  expect(machine.networkOnce).toBe(false);
});

test("a command that says neither on nor off is named", async () => {
  const deps = fakeDeps({ runCommand: async () => "Chassis is fine\n" });
  await expect(openPower(bmc, deps, { timeoutSeconds: 5 }).state()).rejects.toMatchObject({
    code: "bmc-timeout",
    message: "could not read the power state of m1 by outlet within 5 s",
    details: { found: 'outlet printed "chassis is fine", expected on or off' },
  });
});

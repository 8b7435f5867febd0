// The rack's BMCs over real HTTP, failing and lying, before machines in memory; and the real driver in front of them.
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout } from "node:timers/promises";
import { afterEach, expect, it } from "vitest";
import { answers, openPower, type PowerDeps, request, runCommand, sendPacket } from "../power/index.ts";
import { serveBmcs } from "./bmc.ts";
import { FaultDice } from "./bmc-faults.ts";
import type { Bmc } from "./redfish.ts";

const deps: PowerDeps = {
  fetch: request,
  env: {},
  readFile: () => Promise.reject(new Error("no file")),
  runCommand,
  sendPacket,
  answers,
  tell: () => {},
  confirmed: undefined,
  clock: {
    now: () => performance.now(),
    sleep: (milliseconds, signal) => setTimeout(milliseconds, undefined, signal && { signal }),
  },
};

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

function rack(names: readonly string[], faults: Parameters<FaultDice["set"]>[0]) {
  return names.map((name) => {
    const starts: string[] = [];
    const target = {
      name,
      power: "Off" as "On" | "Off",
      bootOnce: false,
      starts,
      async powerOn() {
        if (target.power === "On") return;
        starts.push(target.bootOnce ? "network" : "disk");
        target.power = "On";
        target.bootOnce = false;
      },
      async powerOff() {
        target.power = "Off";
      },
      readConsole: () => Buffer.from(`${name}\n`),
    };
    const dice = new FaultDice(name);
    dice.set(faults);
    return { path: `/redfish/v1/Systems/${name}`, credentials: undefined, target, dice } satisfies Bmc;
  });
}

it("ten machines start from the network, once each, and are off at the end", {
  timeout: 300_000,
}, async () => {
  const names = Array.from({ length: 10 }, (_, index) => `m${index}`);
  const bmcs = rack(names, { errors: 0.2, lies: 0.1, seed: 1 });
  server = await serveBmcs("127.0.0.1", 0, bmcs, (error) => {
    throw error;
  });
  const { port } = server.address() as AddressInfo;
  await Promise.all(
    bmcs.map(async ({ path, target }) => {
      const power = openPower(
        { driver: "redfish", url: `http://127.0.0.1:${port}${path}`, credentials: undefined },
        deps,
      );
      await power.bootFromNetworkOnce();
      await power.on();
      expect(target.starts).toEqual(["network"]);
      expect(await power.console()).toBe(`${target.name}\n`);
      await power.off();
      expect(target.power).toBe("Off");
    }),
  );
  const fallen = bmcs.map(({ dice }) => dice.fallen);
  expect(fallen.reduce((sum, { failed }) => sum + failed, 0)).toBeGreaterThan(5);
  expect(fallen.reduce((sum, { lied }) => sum + lied, 0)).toBeGreaterThan(0);
});

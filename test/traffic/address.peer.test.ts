// The driver address with keepalived, the scripts of masters, real apiservers, and clients that ask for the address.
import { afterAll, beforeAll, expect, test } from "vitest";
import { openTraffic, planTraffic, type Traffic } from "../../modules/traffic/index.ts";
import { type AddressSite, address, addressSite, machines } from "./address-site.ts";
import { machineServers } from "./machine-server.ts";
import { clock, heeded, thereAndBackWatched } from "./round-trip.ts";
import type { WebServer } from "./web-server.ts";

let site: AddressSite;
let blue: WebServer;
let green: WebServer;
let traffic: Traffic;

beforeAll(async () => {
  site = await addressSite();
  blue = machineServers(site.rack, "prod-v1", machines.from);
  green = machineServers(site.rack, "prod-v2", machines.to);
  await Promise.all([blue.start(), green.start()]);
  const own = openTraffic({
    plan: planTraffic({
      from: "prod-v1",
      to: "prod-v2",
      folder: "/",
      file: "/prod-v2.yaml",
      addresses: [{ address, service: "ingress/nginx" }],
      traffic: { driver: "address", address, timeout: 60, drain: { seconds: 1, start: ["true"] } },
    }),
    deps: {
      env: {},
      readFile: async () => "",
      runCommand: async () => "",
      resolve: async () => [],
      connect: async () => {},
      api: site.api,
      clock,
    },
  });
  traffic = { ...own, ...heeded({ from: blue, to: green }) };
}, 1_800_000);
afterAll(() => site?.remove());

const held = (by: readonly string[]) =>
  expect.poll(() => by.some((name) => site.holders().join() === name), { timeout: 60_000 }).toBe(true);

test("one master of blue holds it, and none of a green that was not asked to", async () => {
  await held(machines.from);
  await expect
    .poll(async () => (await traffic.state()).shown, { timeout: 20_000 })
    .toMatch(/^198\.18\.98\.150 is held by b[12] of prod-v1$/);
});

test("it goes to green and back, and somebody holds it at every moment", { timeout: 240_000 }, async () => {
  let nobody = 0;
  let looks = 0;
  const look = () => {
    looks++;
    // Masters are looked at one after the other: one look may fall into the middle of a move.
    if (site.holders().length === 0 && site.holders().length === 0) nobody++;
  };
  await thereAndBackWatched(address, look, {
    traffic,
    blue,
    green,
    name: "of an address",
    // Blue closes each of their connections while it drains.
    ignoringAtMost: Number.POSITIVE_INFINITY,
    // Each of three clients, there and back; and once more if both masters of a cluster answer for a moment.
    cutAtMost: 12,
  });
  expect(looks).toBeGreaterThan(100);
  expect(nobody).toBe(0);
  await green.start();
});

test("who does not bring connections to its Service loses it to the one that stands by, and has it again", {
  timeout: 120_000,
}, async () => {
  await held(machines.from);
  await blue.stop();
  await held(machines.to);
  await expect.poll(async () => (await traffic.state()).share, { timeout: 20_000 }).toBe(100);
  await blue.start();
  await held(machines.from);
});

test("a power cut is answered by another master, and one of all masters by the other cluster", {
  timeout: 120_000,
}, async () => {
  const [first = ""] = site.holders();
  const second = machines.from.find((name) => name !== first)!;
  await site.cutPower(first);
  await held([second]);
  await site.cutPower(second);
  await held(machines.to);
  await expect.poll(async () => (await traffic.state()).share, { timeout: 20_000 }).toBe(100);
});

// The driver bgp against real apiservers, the release's kube-router, a router that is BIRD, and clients behind that router.
import { afterAll, beforeAll, expect, test } from "vitest";
import { openTraffic, planTraffic, type Traffic } from "../../modules/traffic/index.ts";
import { type BgpSite, bgpSite, machines } from "./bgp-site.ts";
import { machineServers } from "./machine-server.ts";
import { clock, heeded, thereAndBackWatched } from "./round-trip.ts";
import type { WebServer } from "./web-server.ts";

const address = "203.0.113.10";
const announced = { "kube-router.io/service.advertise.externalip": "true" };

let site: BgpSite;
let blue: WebServer;
let green: WebServer;
let traffic: Traffic;

/** Every set of next hops that the router was seen with: by whoever looks now and then, and by the driver that waits for one. */
const seen = new Set<string>();
const look = () => {
  const hops = site.nextHops(address);
  seen.add(hops.join(" "));
  return hops;
};

beforeAll(async () => {
  site = await bgpSite({ externalIPs: [address] }, { from: announced, to: {} });
  blue = machineServers(site.rack, "prod-v1", [machines.from]);
  green = machineServers(site.rack, "prod-v2", [machines.to]);
  await Promise.all([blue.start(), green.start()]);
  const clusters: Readonly<Record<string, string>> = { "prod-v1": site.nodes.from, "prod-v2": site.nodes.to };
  const own = openTraffic({
    plan: planTraffic({
      from: "prod-v1",
      to: "prod-v2",
      folder: "/",
      file: "/prod-v2.yaml",
      traffic: {
        driver: "bgp",
        service: "ingress/nginx",
        address,
        arrived: ["route", "{cluster}"],
        settle: 2,
        timeout: 60,
        drain: { seconds: 1, start: ["true"] },
      },
    }),
    deps: {
      env: {},
      readFile: async () => "",
      runCommand: async ([, cluster = ""]) => {
        if (!look().includes(clusters[cluster]!)) throw new Error("no route");
        return "";
      },
      resolve: async () => [],
      connect: async () => {},
      api: site.api,
      clock,
    },
  });
  traffic = { ...own, ...heeded({ from: blue, to: green }) };
}, 1_800_000);
afterAll(() => site?.remove());

test("packets go to green, and back, and there is a way at every moment", { timeout: 240_000 }, async () => {
  await expect.poll(look, { timeout: 60_000 }).toEqual([site.nodes.from]);
  seen.clear();
  await thereAndBackWatched(address, look, {
    traffic,
    blue,
    green,
    name: "by BGP",
    // Blue closes each of their connections while it drains.
    ignoringAtMost: Number.POSITIVE_INFINITY,
    // Each of three clients, each time that routes change: two there, two back.
    cutAtMost: 12,
  });
  const { from, to } = site.nodes;
  expect([...seen].sort()).toEqual([from, to, `${from} ${to}`].sort());
});

test("the router learns of nothing but that address", () => {
  expect(site.routes()).toEqual([address]);
});

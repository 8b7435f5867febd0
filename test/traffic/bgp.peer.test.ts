// The driver bgp against real apiservers, the release's kube-router, and a router that is gobgpd.
import { afterAll, beforeAll, expect, test } from "vitest";
import { openTraffic, planTraffic, type Traffic } from "../../modules/traffic/index.ts";
import { type BgpSite, bgpSite } from "./bgp-site.ts";
import { clock } from "./round-trip.ts";

const address = "203.0.113.10";
const announced = { "kube-router.io/service.advertise.externalip": "true" };

let site: BgpSite;
let traffic: Traffic;
/** Every set of next hops that the router was seen with. */
const seen = new Set<string>();

async function look(): Promise<readonly string[]> {
  const hops = await site.nextHops(address);
  seen.add(hops.join(" "));
  return hops;
}

beforeAll(async () => {
  site = await bgpSite({ externalIPs: [address] }, { from: announced, to: {} });
  const clusters: Readonly<Record<string, string>> = { "prod-v1": site.nodes.from, "prod-v2": site.nodes.to };
  traffic = openTraffic({
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
        timeout: 60,
      },
    }),
    deps: {
      env: {},
      readFile: async () => "",
      runCommand: async ([, cluster = ""]) => {
        const hops = await look();
        if (!hops.includes(clusters[cluster]!)) throw new Error("no route");
        return "";
      },
      resolve: async () => [],
      connect: async () => {},
      api: site.api,
      clock,
    },
  });
}, 1_800_000);
afterAll(() => site?.remove());

test("the router's way leads to green, and back, and is there at every moment", async () => {
  await expect.poll(() => site.nextHops(address), { timeout: 60_000 }).toEqual([site.nodes.from]);
  expect((await traffic.state()).share).toBe(0);
  let watching = true;
  const watch = (async () => {
    while (watching) await look();
  })();
  await traffic.ready("to");
  await traffic.shift(100);
  await expect.poll(() => site.nextHops(address), { timeout: 20_000 }).toEqual([site.nodes.to]);
  expect((await traffic.state()).share).toBe(100);
  await traffic.ready("from");
  await traffic.shift(0);
  await expect.poll(() => site.nextHops(address), { timeout: 20_000 }).toEqual([site.nodes.from]);
  watching = false;
  await watch;
  expect([...seen].sort()).toEqual(
    [site.nodes.from, site.nodes.to, `${site.nodes.from} ${site.nodes.to}`].sort(),
  );
});

test("the router learns of nothing but that address", async () => {
  expect(await site.routes()).toEqual([`${address}/32`]);
});

import { expect, it } from "vitest";
import { siteSchema } from "../spec/index.ts";
import { netmask, siteDhcp } from "./index.ts";

const site = (networks: object[]) =>
  siteSchema.parse({
    name: "rack1",
    networks,
    boot: {
      service: "landfall",
      http: "http://10.20.0.5:8080/",
      rpc: "10.20.0.5:8081",
      tls: { ca: "ca", cert: "cert", key: "key" },
      assets: "assets",
    },
    machines: [
      { name: "m1", mac: "52-54-00-AA-00-01", address: "10.20.0.11", bmc: { driver: "manual" } },
      { name: "far", mac: "52:54:00:aa:00:02", address: "10.30.0.11", bmc: { driver: "manual" } },
    ],
  });
const rack = { name: "rack", cidr: "10.20.0.0/24", gateway: "10.20.0.1", dns: ["10.20.0.1", "10.20.0.2"] };
const far = { name: "far", cidr: "10.30.0.0/24" };
const lines = (options: object = {}, networks = [rack, far]) =>
  siteDhcp(site(networks), { interface: "eno1", network: "rack", ...options }).split("\n");

it("reserves the addresses of one network's machines, and gives no other", () => {
  const all = lines();
  expect(all).toContain("dhcp-range=10.20.0.0,static,255.255.255.0,1h");
  expect(all).toContain("dhcp-option=option:dns-server,10.20.0.1,10.20.0.2");
  expect(all.filter((line) => line.startsWith("dhcp-host="))).toEqual([
    "dhcp-host=52:54:00:aa:00:01,10.20.0.11,m1",
  ]);
});

it("tells firmware to load iPXE, and iPXE to load the boot service's script", () => {
  expect(lines()).toEqual(
    expect.arrayContaining([
      "dhcp-boot=tag:!ipxe,tag:!efi,undionly.kpxe",
      "dhcp-boot=tag:!ipxe,tag:efi,snponly.efi",
      "dhcp-boot=tag:ipxe,http://10.20.0.5:8080/boot.ipxe",
    ]),
  );
});

it("beside another server it gives out no address at all", () => {
  const all = lines({ proxy: true });
  expect(all).toContain("dhcp-range=10.20.0.0,proxy,255.255.255.0");
  expect(all.filter((line) => /^dhcp-(host|option|authoritative)/.test(line))).toEqual([]);
  expect(all).toContain('pxe-service=tag:!ipxe,BC_EFI,"Landfall",snponly.efi');
  expect(all).toContain('pxe-service=tag:ipxe,x86PC,"Landfall",http://10.20.0.5:8080/boot.ipxe');
});

it("advertises a router that is none, unless it is told not to", () => {
  expect(lines()).toContain("ra-param=eno1,60,0");
  expect(lines({ routerAdvertisements: false }).join("\n")).not.toMatch(/^(enable-ra|ra-param)/m);
});

it.each([
  ["of several networks one has to be named", { network: undefined }, [rack, far]],
  ["a network that is not there", { network: "other" }, [rack, far]],
  ["IPv6", {}, [{ name: "rack", cidr: "fd00::/64" }]],
])("refuses: %s", (_, options, networks) => {
  expect(() => lines(options, networks as (typeof rack)[])).toThrow(
    expect.objectContaining({ code: "dhcp-network" }),
  );
});

it.each([
  [8, "255.0.0.0"],
  [20, "255.255.240.0"],
  [24, "255.255.255.0"],
  [31, "255.255.255.254"],
  [32, "255.255.255.255"],
  [0, "0.0.0.0"],
])("netmask of /%i", (prefix, expected) => expect(netmask(prefix)).toBe(expected));

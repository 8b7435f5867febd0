import { describe, expect, it } from "vitest";
import { planLab } from "./config.ts";
import { dnsmasqConfig } from "./dnsmasq.ts";
import { labNames } from "./names.ts";
import { exampleConfig, exampleSite } from "./testing.ts";

const lines = (site = exampleSite()) =>
  dnsmasqConfig(planLab(exampleConfig(site)), labNames(site.name), { leases: "/l", tftp: "/t" }).split("\n");

describe("dnsmasqConfig", () => {
  it("reserves each machine's address by its MAC, and gives no other", () => {
    expect(lines()).toContain("dhcp-host=52:54:00:aa:00:01,10.77.0.11,m1");
    expect(lines().filter((line) => line.startsWith("dhcp-range=10."))).toEqual([
      "dhcp-range=10.77.0.0,static,255.255.255.0,1h",
    ]);
  });

  it("sends each firmware its boot file", () => {
    expect(lines()).toEqual(
      expect.arrayContaining([
        "dhcp-boot=tag:!ipxe,tag:!efi,undionly.kpxe",
        "dhcp-boot=tag:!ipxe,tag:efi,snponly.efi",
        "dhcp-boot=tag:ipxe,http://10.77.0.1:8080/boot.ipxe",
        "enable-ra",
      ]),
    );
  });

  it("names no resolver where the site has none: dnsmasq would name itself", () => {
    const site = exampleSite({ networks: [{ name: "rack", cidr: "10.77.0.0/24", gateway: "10.77.0.1" }] });
    expect(lines(site)).toContain("dhcp-option=option:dns-server");
  });
});

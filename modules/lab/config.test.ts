import { describe, expect, it } from "vitest";
import type { Site } from "../spec/index.ts";
import { planLab } from "./config.ts";
import { exampleConfig, exampleSite } from "./testing.ts";

describe("planLab", () => {
  it("reads addresses, ports and paths off the site", () => {
    const plan = planLab(exampleConfig());
    expect(plan).toMatchObject({
      gateway: "10.77.0.1",
      prefix: 24,
      http: { host: "10.77.0.1", port: 8080 },
      rpc: { host: "127.0.0.1", port: 8081 },
      proxy: { host: "127.0.0.1", port: 3128 },
      tls: { key: "/project/state/tls/client.key" },
      assets: "/project/assets",
    });
    expect(plan.machines).toMatchObject([
      {
        name: "m1",
        kind: "nspawn",
        mac: "52:54:00:aa:00:01",
        bmc: { port: 8000, path: "/redfish/v1/Systems/m1" },
      },
      {
        name: "m2",
        kind: "qemu",
        firmware: "uefi",
        memory: 2048,
        credentialsFile: "/project/state/bmc-credentials",
      },
    ]);
  });

  const { boot, machines, networks } = exampleSite();
  const m1 = machines[0]!;
  const redfish = { driver: "redfish" as const, url: "http://127.0.0.1:8000/redfish/v1/Systems/m1" };
  const bad: [string, Partial<Site>][] = [
    ["a Matchbox that is not the lab's gateway", { boot: { ...boot, http: "http://10.77.0.2:8080" } }],
    ["HTTPS", { boot: { ...boot, http: "https://10.77.0.1:8080" } }],
    ["a gRPC port that others could reach", { boot: { ...boot, rpc: "10.0.0.5:8081" } }],
    ["a proxy that others could reach", { access: { proxy: "http://192.0.2.1:3128" } }],
    [
      "a BMC that is a real one",
      { machines: [{ ...m1, bmc: { ...redfish, url: "http://192.0.2.7/redfish/v1/Systems/1" } }] },
    ],
    [
      "keys outside the lab's folder, which it would overwrite",
      { boot: { ...boot, tls: { ...boot.tls, key: "../real.key" } } },
    ],
    [
      "credentials outside the lab's folder",
      { machines: [{ ...m1, bmc: { ...redfish, credentials: { file: "/etc/bmc" } } }] },
    ],
    [
      "credentials that it cannot make",
      { machines: [{ ...m1, bmc: { ...redfish, credentials: { env: "BMC" } } }] },
    ],
    ["a machine with the switch's name", { machines: [{ ...m1, name: "sw" }] }],
    ["two networks", { networks: [...networks, { name: "other", cidr: "10.78.0.0/24" }] }],
    ["no gateway", { networks: [{ name: "rack", cidr: "10.77.0.0/24" }] }],
    ["IPv6 alone", { networks: [{ name: "rack", cidr: "fd00::/64", gateway: "fd00::1" }] }],
  ];
  it.each(bad)("refuses %s", (_, change) => {
    expect(() => planLab(exampleConfig(exampleSite(change)))).toThrow(
      expect.objectContaining({ code: "lab-site-unsuitable" }),
    );
  });
});

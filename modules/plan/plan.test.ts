import { resolve } from "node:path";
import { expect, test } from "vitest";
import { LandfallError } from "../spec/index.ts";
import { planBmc } from "./bmc.ts";
import { exampleCluster, exampleSite } from "./example.ts";
import { plan } from "./plan.ts";

const siteFile = "/project/clusters/site.yaml";
const site = exampleSite();
const cluster = exampleCluster(["m1", "m2", "m3"], { big: ["w3", "w1"], small: ["w4"] });
const planned = plan({ site, siteFile, cluster });

test("the cluster's names", () => {
  const { cluster: id, name, version, site: siteName, kubernetes } = planned;
  expect({ id, name, version, siteName, kubernetes }).toEqual({
    id: "prod-v2",
    name: "prod",
    version: "v2",
    siteName: "hall",
    kubernetes: "1.34.1",
  });
});

test("defaults are filled in", () => {
  expect(planned.endpoint.port).toBe(6443);
  expect(planned.network).toEqual({
    pods: "10.42.0.0/16",
    services: "10.43.0.0/16",
    apiService: "10.43.0.1",
    dnsService: "10.43.0.10",
    domain: "cluster.local",
  });
  expect(planned.timeouts).toEqual({ boot: 1800, ready: 3600 });
  expect(planned.authorizedKeys).toEqual([]);
  expect(planned.proxy).toBeUndefined();
});

test("paths of the site are absolute", () => {
  expect(planned.boot).toEqual({
    service: "matchbox",
    http: "http://10.20.0.3:8080",
    assetsUrl: "http://10.20.0.3:8080",
    rpc: "10.20.0.3:8081",
    page: undefined,
    tls: {
      ca: "/project/clusters/tls/ca.crt",
      cert: "/etc/tls/client.crt",
      key: "/project/client.key",
    },
    assets: "/project/clusters/assets",
  });
});

test("the masters are the first pool; pools and machines come as the file has them", () => {
  expect(planned.pools.map(({ name, role, machines }) => ({ name, role, machines }))).toEqual([
    { name: "masters", role: "master", machines: ["m1", "m2", "m3"] },
    { name: "big", role: "worker", machines: ["w3", "w1"] },
    { name: "small", role: "worker", machines: ["w4"] },
  ]);
  expect(planned.machines.map(({ name }) => name)).toEqual(["m1", "m2", "m3", "w3", "w1", "w4"]);
});

test("a machine", () => {
  expect(planned.machines[3]).toEqual({
    name: "w3",
    pool: "big",
    role: "worker",
    mac: "52:54:00:ab:04:02",
    address: "10.20.4.2",
    prefix: 16,
    gateway: "10.20.0.1",
    dns: ["10.20.0.2"],
    labels: { rack: "r1" },
    bmc: {
      driver: "redfish",
      url: "http://bmc/w3",
      credentials: { file: "/project/clusters/bmc/password" },
    },
  });
});

test("a machine on one of several networks takes that one's prefix, gateway and resolvers", () => {
  const networks = [...site.networks, { name: "far", cidr: "10.21.0.0/20", dns: ["10.21.0.1"] }];
  const machines = site.machines.map((machine) =>
    machine.name === "w4"
      ? { ...machine, network: "far", address: "10.21.0.4" }
      : { ...machine, network: "rack" },
  );
  const { machines: result } = plan({ site: { ...site, networks, machines }, siteFile, cluster });
  expect(result.at(-1)).toMatchObject({ name: "w4", prefix: 20, gateway: undefined, dns: ["10.21.0.1"] });
  expect(result[0]).toMatchObject({ name: "m1", prefix: 16, gateway: "10.20.0.1" });
});

test("a pool: labels that win over the hardware's, taints, files, its machines' disk", () => {
  const pools = [
    {
      name: "gpu",
      machines: ["w1"],
      labels: { rack: "r9", a: "b" },
      taints: [{ key: "gpu", effect: "NoSchedule" as const }],
      files: [
        { path: "/etc/a", contents: "a" },
        { path: "/etc/b", contents: "b", mode: 0o600 },
      ],
    },
  ];
  const result = plan({ site, siteFile, cluster: { ...cluster, pools } });
  expect(result.pools[1]).toEqual({
    name: "gpu",
    role: "worker",
    machines: ["w1"],
    labels: { a: "b", rack: "r9" },
    taints: [{ key: "gpu", effect: "NoSchedule" }],
    files: [
      { path: "/etc/a", contents: "a", mode: 0o644 },
      { path: "/etc/b", contents: "b", mode: 0o600 },
    ],
    disk: "/dev/sda",
  });
  expect(result.machines.at(-1)?.labels).toEqual({ a: "b", rack: "r9" });
});

test("masters keep ordinary pods off, unless they are schedulable", () => {
  const masters = (schedulable: boolean) =>
    plan({ site, siteFile, cluster: { ...cluster, masters: { machines: ["m1"], schedulable } } }).pools[0];
  expect(masters(true)?.taints).toEqual([]);
  expect(masters(false)?.taints).toEqual([
    { key: "node-role.kubernetes.io/control-plane", effect: "NoSchedule" },
  ]);
});

test("addresses have one spelling", () => {
  const endpoint = { address: "FD00:0:0::1" };
  expect(plan({ site, siteFile, cluster: { ...cluster, endpoint } }).endpoint.address).toBe("fd00::1");
});

test("what has not passed the rules is refused, not half planned", () => {
  const broken = exampleCluster(["nobody"]);
  expect(() => plan({ site, siteFile, cluster: broken })).toThrow(LandfallError);
});

test.each([
  [
    {
      driver: "ipmi" as const,
      host: "bmc9",
      credentials: { file: "bmc/password" },
      firmware: "uefi" as const,
    },
    {
      driver: "ipmi",
      host: "bmc9",
      port: 623,
      interface: "lanplus",
      cipherSuite: undefined,
      privilege: "administrator",
      credentials: { file: "/project/clusters/bmc/password" },
      firmware: "uefi",
    },
  ],
  [
    { driver: "wol" as const, off: ["ssh", "root@{address}", "poweroff"] },
    {
      driver: "wol",
      machine: { name: "w3", mac: "52:54:00:ab:04:02", address: "10.20.4.2" },
      broadcast: "255.255.255.255",
      port: 9,
      off: { argv: ["ssh", "root@10.20.4.2", "poweroff"], folder: "/project/clusters" },
      probePort: 22,
      patience: 600,
    },
  ],
  [
    { driver: "exec" as const, state: ["./s", "{name}"], on: ["./on", "{mac}"], off: ["./off", "{nothing}"] },
    {
      driver: "exec",
      machine: { name: "w3", mac: "52:54:00:ab:04:02", address: "10.20.4.2" },
      state: { argv: ["./s", "w3"], folder: "/project/clusters" },
      on: { argv: ["./on", "52:54:00:ab:04:02"], folder: "/project/clusters" },
      off: { argv: ["./off", "{nothing}"], folder: "/project/clusters" },
      networkBoot: undefined,
      nextBoot: undefined,
      console: undefined,
    },
  ],
  [
    { driver: "redfish" as const, url: "https://bmc/w3", tls: { ca: "bmc.pem", fingerprint: "AB:CD" } },
    {
      driver: "redfish",
      url: "https://bmc/w3",
      credentials: undefined,
      tls: { ca: "/project/clusters/bmc.pem", fingerprint: "abcd" },
    },
  ],
])("a driver gets its defaults, paths and the machine's own values: %j", (bmc, expected) => {
  const machine = { ...site.machines[5]!, bmc };
  expect(planBmc(machine, (path) => resolve("/project/clusters", path))).toEqual(expected);
});

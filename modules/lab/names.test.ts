import { expect, it } from "vitest";
import { labNames } from "./names.ts";

const machines = Array.from({ length: 500 }, (_, i) => `machine-${i}-${"x".repeat(40)}`);
const [a, b] = [labNames("a"), labNames("b")];

it("gives ports names that the kernel takes, each its own", () => {
  const ports = machines.map(a.port);
  expect(new Set([...ports, ...machines.map(b.port)]).size).toBe(2 * machines.length);
  for (const port of ports) expect(port).toMatch(/^[a-z][a-z0-9]{1,14}$/);
});

it("gives ports fixed, locally administered unicast MACs", () => {
  for (const mac of machines.map(a.portMac)) {
    expect(mac).toMatch(/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/);
    expect(Number.parseInt(mac.slice(0, 2), 16) & 3).toBe(2);
  }
  expect(labNames("a").portMac("m1")).toBe(a.portMac("m1"));
});

it("carries the lab's name in everything that the whole computer sees", () => {
  for (const name of [a.switchNamespace, a.cgroup, a.socket, a.namespace("m1")]) {
    expect(name).toMatch(/\ba\b/);
  }
});

it("gives machines version 4 UUIDs", () => {
  expect(a.uuid("m1")).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(a.uuid("m1")).not.toBe(b.uuid("m1"));
});

import { describe, expect, test } from "vitest";
import { LandfallError } from "../../spec/index.ts";
import { bootGate } from "../gate.ts";
import { openMemoryStore } from "../store/memory.ts";
import type { BootStore } from "../store/types.ts";
import { openMachines } from "./machines.ts";
import type { MachineEvent } from "./types.ts";

const mac = "52:54:00:00:00:01";
const now = () => new Date("2026-01-02T03:04:05Z");
const register: MachineEvent = { type: "register", machine: { mac, name: "m1", site: "lab" } };
const install: MachineEvent = {
  type: "arm",
  order: { id: "0".repeat(32), kind: "install", cluster: "lab-v1", generation: "g1", seconds: 60 },
};

async function armed(change: (store: BootStore) => Partial<BootStore> = () => ({})) {
  const store = openMemoryStore();
  const before = openMachines({ store, now });
  await before.apply(mac, register);
  await before.apply(mac, install);
  const broken: string[] = [];
  const machines = openMachines({
    store: { ...store, ...change(store) },
    now,
    onBroken: ({ message }) => broken.push(message),
  });
  return { store, machines, gate: bootGate(machines, now), broken };
}

describe("the gate", () => {
  test("leaves machines that nobody has registered to others", async () => {
    const { gate } = await armed();
    expect(await gate.boot("52:54:00:00:00:02")).toBeUndefined();
    expect(await gate.peek("52:54:00:00:00:02")).toBeUndefined();
  });

  test("has written the order down as taken before it answers", async () => {
    const { gate, store } = await armed();
    expect(await gate.peek(mac)).toMatchObject({ boot: "order", order: { state: "armed" } });
    expect(await gate.boot(mac)).toMatchObject({ boot: "order", order: { state: "running", boots: 1 } });
    expect(await openMachines({ store, now }).get(mac)).toMatchObject({ order: { state: "running" } });
  });

  test("does not answer with an order that could not be written down", async () => {
    const full = new LandfallError("store-full", "no space left");
    const { gate, store } = await armed(() => ({ put: () => Promise.reject(full) }));
    await expect(gate.boot(mac)).rejects.toBe(full);
    await openMachines({ store, now }).apply(mac, { type: "cancel", cluster: "lab-v1", generation: "g1" });
    // That it was heard cannot be written down either, and need not be.
    expect(await gate.boot(mac)).toEqual({ boot: "local" });
  });

  test("asks again when another replica was quicker, and counts every boot", async () => {
    const { machines, store } = await armed();
    const gates = [machines, openMachines({ store, now })].map((each) => bootGate(each, now));
    await Promise.all(Array.from({ length: 20 }, (_, index) => gates[index % 2]!.boot(mac)));
    expect(await machines.get(mac)).toMatchObject({ order: { boots: 20 } });
  });

  test("gives up on a record that never holds still", async () => {
    const { gate } = await armed(() => ({ put: async () => "conflict" as const }));
    await expect(gate.boot(mac)).rejects.toMatchObject({ code: "store-unreachable" });
  });
});

describe("a broken record", () => {
  test.each([
    "",
    "{",
    "[]",
    '{"mac": 1}',
    JSON.stringify({ mac: "52:54:00:00:00:02", name: "m", site: "s", stages: [], console: [] }),
  ])("boots nothing, and does not hide the others: %s", async (contents) => {
    const { gate, machines, store, broken } = await armed();
    await store.put("machines", "52540000000a", Buffer.from(contents));
    await expect(gate.boot("52:54:00:00:00:0a")).rejects.toMatchObject({ code: "record-broken" });
    expect((await machines.list()).map(({ name }) => name)).toEqual(["m1"]);
    expect(broken).toHaveLength(1);
  });
});

test("watchers hear of machines, by MAC, and of nothing else", async () => {
  const { machines, store } = await armed();
  const heard: string[] = [];
  const end = machines.watch((changed) => heard.push(changed));
  await store.put("groups", "525400000001", Buffer.from(""));
  await store.put("machines", "nonsense", Buffer.from(""));
  await machines.apply(mac, { type: "boot" });
  await expect.poll(() => heard).toEqual([mac]);
  end();
});

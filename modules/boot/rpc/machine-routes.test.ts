// The service without its socket: what is asked, what is refused, and how.
import { Code, ConnectError, createClient, createRouterTransport } from "@connectrpc/connect";
import { beforeEach, describe, expect, test } from "vitest";
import { LandfallError } from "../../spec/index.ts";
import { exampleReplacement } from "../fleet/example-fleet.ts";
import { type Machines, openMachines } from "../machine/machines.ts";
import { openMemoryStore } from "../store/memory.ts";
import type { BootStore } from "../store/types.ts";
import { Machines as MachinesService } from "./generated/landfall_pb.ts";
import { toRecord } from "./machine-message.ts";
import { machineRoutes } from "./machine-routes.ts";
import { toConnectError, toLandfallError } from "./refusal.ts";

const mac = "52:54:00:00:00:01";
const machine = { mac, name: "m1", site: "lab", rack: "r1", role: "master" };
const landing = { mac, cluster: "lab-v1", generation: "g1" };
const order = { ...landing, kind: "install", seconds: 60 };
let store: BootStore;
let machines: Machines;

function open() {
  let ids = 0;
  const newId = () => String(++ids).padStart(32, "0");
  return createClient(MachinesService, createRouterTransport(machineRoutes({ machines, store, newId })));
}

beforeEach(() => {
  store = openMemoryStore();
  machines = openMachines({ store, now: () => new Date("2026-01-02T03:04:05Z") });
});

test("a record is the same behind the wire", async () => {
  const client = open();
  await client.register(machine);
  const armed = toRecord(await client.arm(order));
  expect(armed).toEqual(await machines.get(mac));
  expect(armed.order).toMatchObject({ state: "armed", boots: 0, expires: "2026-01-02T03:05:05.000Z" });
  await machines.apply(mac, { type: "boot" });
  await machines.apply(mac, {
    type: "report",
    report: { order: armed.order!.id, percent: 0, stage: "install", console: ["x"], result: "installed" },
  });
  expect(toRecord(await client.get({ mac }))).toEqual(await machines.get(mac));
  expect((await client.list({})).machines.map(toRecord)).toEqual(await machines.list());
  expect(toRecord(await client.release(landing)).installed).toBeUndefined();
});

describe("what is refused", () => {
  const refusal = async (ask: (client: ReturnType<typeof open>) => Promise<unknown>) => {
    const error = await ask(open()).then(
      () => expect.unreachable(),
      (thrown) => thrown,
    );
    return [Code[ConnectError.from(error).code], toLandfallError(error, "boot:8081").code];
  };

  test("has its code, for gRPC and for Landfall", async () => {
    expect(await refusal((client) => client.get({ mac }))).toEqual(["NotFound", "unknown-machine"]);
    expect(await refusal((client) => client.arm(order))).toEqual(["NotFound", "unknown-machine"]);
    await open().register(machine);
    await open().arm(order);
    expect(await refusal((client) => client.arm({ ...order, cluster: "lab-v2" }))).toEqual([
      "FailedPrecondition",
      "machine-taken",
    ]);
  });

  test.each([
    ["a MAC in upper case", { mac: "52:54:00:00:00:0A" }],
    ["an unknown kind", { kind: "explode" }],
    ["no time", { seconds: 0 }],
    ["more than a week", { seconds: 700_000 }],
    ["no cluster", { cluster: "" }],
    ["a long generation", { generation: "g".repeat(65) }],
  ])("is %s", async (_, wrong) => {
    await open().register(machine);
    expect(await refusal((client) => client.arm({ ...order, ...wrong }))).toEqual([
      "InvalidArgument",
      "request-invalid",
    ]);
    expect((await machines.get(mac))?.order).toBeUndefined();
  });

  test("are conditions that are no JSON, and names that lead elsewhere", async () => {
    const report = Buffer.from("{}");
    expect(
      await refusal((client) => client.putConditions({ cluster: "lab-v1", report: Buffer.from("{") })),
    ).toEqual(["InvalidArgument", "request-invalid"]);
    expect(await refusal((client) => client.putConditions({ cluster: "../x", report }))).toEqual([
      "InvalidArgument",
      "store-key",
    ]);
    await open().putConditions({ cluster: "lab-v1", report });
    expect((await store.list("conditions")).map(({ key }) => key)).toEqual(["lab-v1"]);
  });

  test("are reports of replacements that are none, or another's", async () => {
    const report = exampleReplacement(new Date());
    const put = (cluster: string, value: unknown) =>
      refusal((client) => client.putReplacement({ cluster, report: Buffer.from(JSON.stringify(value)) }));
    for (const [cluster, value] of [
      ["prod-v2", { ...report, share: -1 }],
      ["prod-v3", report],
      ["prod-v2", null],
    ] as const)
      expect(await put(cluster, value)).toEqual(["InvalidArgument", "request-invalid"]);
    expect(await store.list("replacements")).toEqual([]);
    const bytes = Buffer.from(JSON.stringify({ ...report, unknown: "field" }));
    await open().putReplacement({ cluster: "prod-v2", report: bytes });
    const [kept] = await store.list("replacements");
    expect(kept?.key).toBe("prod-v2");
    expect(JSON.parse(Buffer.from(kept?.bytes ?? []).toString())).toEqual(report);
  });

  test("says all that a LandfallError says; other errors say nothing", () => {
    const error = new LandfallError("in-service", "m1 is in service", {
      found: "f",
      expected: "e",
      next: "n",
    });
    const back = toLandfallError(toConnectError(error), "boot:8081");
    expect(back).toMatchObject({ code: "in-service", message: error.message });
    expect(back.details).toMatchObject({ found: "f", expected: "e", next: "n" });
    expect(toConnectError(new Error("password=hunter2")).message).not.toContain("hunter2");
  });
});

describe("watch", () => {
  test("tells every machine, then each that changes, once for many changes", async () => {
    const client = open();
    await client.register(machine);
    const stop = new AbortController();
    const watched = client.watch({}, { signal: stop.signal })[Symbol.asyncIterator]();
    const next = async () => (await watched.next()).value as { name: string; order?: { boots: number } };
    expect(await next()).toMatchObject({ name: "m1" });
    await client.arm(order);
    expect((await next()).order).toMatchObject({ boots: 0 });
    for (let boots = 0; boots < 5; boots++) await machines.apply(mac, { type: "boot" });
    let told = 0;
    for (let last = 0; last < 5; told++) last = (await next()).order!.boots;
    expect(told).toBeLessThanOrEqual(5);
    stop.abort();
    await expect(watched.next()).rejects.toThrow();
  });

  test("ends when the store does, with the reason", async () => {
    machines = { ...machines, list: () => Promise.reject(new LandfallError("store-unreachable", "gone")) };
    const watched = open().watch({})[Symbol.asyncIterator]();
    await expect(watched.next()).rejects.toMatchObject({ code: Code.Unavailable });
  });
});

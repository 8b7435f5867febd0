import { describe, expect, test } from "vitest";
import { ago, exampleMachine, exampleOrder, reached } from "../fleet/example-fleet.ts";
import { openMemoryStore } from "../store/memory.ts";
import { countedStore, openBootMetrics, stageDurations } from "./index.ts";

const now = new Date("2026-03-04T05:06:07.000Z");
const machine = (stages: Parameters<typeof reached>[1]) =>
  exampleMachine({ name: "m1", number: 1 }, { stages: reached(now, stages) });
const open = () => openBootMetrics({ records: () => [], views: () => [], pages: () => 0 });
const sample = async (metrics: ReturnType<typeof open>, name: string) =>
  (await metrics.text())
    .split("\n")
    .find((line) => line.startsWith(`${name} `))
    ?.split(" ")[1];

describe("stages", () => {
  test("are measured when the next one is reached, each once", () => {
    const before = machine({ ipxe: 100, boot: 90 });
    const after = machine({ ipxe: 100, boot: 90, install: 80, ignition: 20 });
    expect(stageDurations(before, after)).toEqual([
      { stage: "boot", seconds: 10 },
      { stage: "install", seconds: 60 },
    ]);
    expect(stageDurations(after, after)).toEqual([]);
  });

  test("have a series each; a record without one of them counts for the stages that it has", async () => {
    const metrics = open();
    const sum = (stage: string) =>
      sample(metrics, `landfall_boot_stage_duration_seconds_sum{stage="${stage}"}`);
    const before = machine({ installed: 100 });
    metrics.record(before, machine({ installed: 100, system: 90, kubelet: 80, ready: 50 }));
    expect([await sum("installed"), await sum("system"), await sum("kubelet")]).toEqual(["10", "10", "30"]);
    metrics.record(before, machine({ installed: 100, system: 90, ready: 50 }));
    expect([await sum("system"), await sum("kubelet")]).toEqual(["50", "30"]);
  });

  test("count again after a power cut", () => {
    const before = machine({ ipxe: 100, boot: 90, install: 80 });
    expect(stageDurations(before, machine({ ipxe: 30, boot: 20 }))).toEqual([{ stage: "ipxe", seconds: 10 }]);
  });

  test("never take less than nothing, whatever clocks do", () => {
    expect(stageDurations(undefined, machine({ ipxe: 10, boot: 50 }))).toEqual([
      { stage: "ipxe", seconds: 0 },
    ]);
  });

  test("an installation counts once, by its end", async () => {
    const metrics = open();
    const order = exampleOrder(now, 200, { state: "running", taken: ago(now, 100) });
    const at = (more: object) => exampleMachine({ name: "m1", number: 1 }, { order: { ...order, ...more } });
    const done = at({ state: "done", ended: ago(now, 40) });
    metrics.record(at({}), done);
    metrics.record(done, done);
    expect(await sample(metrics, 'landfall_boot_install_duration_seconds_count{result="done"}')).toBe("1");
    expect(await sample(metrics, 'landfall_boot_install_duration_seconds_sum{result="done"}')).toBe("60");
  });
});

test("nobody outside makes new series", async () => {
  const metrics = open();
  for (let index = 0; index < 500; index++)
    metrics.request({ method: "GET", target: `/x${index}?y`, status: 404, seconds: 0, bytes: 1 });
  expect(await sample(metrics, 'landfall_boot_http_requests_total{route="other",status="404"}')).toBe("500");
});

test("calls of the store that fail are told of, and fail all the same", async () => {
  const errors: unknown[] = [];
  const store = countedStore(openMemoryStore(), (error) => errors.push(error));
  await expect(store.get("groups", "../x")).rejects.toMatchObject({ code: "store-key" });
  expect(errors).toEqual([expect.objectContaining({ code: "store-key" })]);
  await store.put("groups", "a", Buffer.from("{}"));
  expect(errors).toHaveLength(1);
});

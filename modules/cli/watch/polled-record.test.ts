import { describe, expect, test } from "vitest";
import { softTimeouts } from "../../boot/index.ts";
import type { MachinePlan } from "../../plan/index.ts";
import { type Polled, polledView, type Seen } from "./polled-record.ts";

const now = new Date("2026-03-04T05:06:07.000Z");
const plan = { cluster: "lab-v1", site: "lab" };
const machine = {
  name: "w1",
  mac: "52:54:00:00:00:21",
  role: "worker",
  pool: "workers",
  address: "10.77.0.33",
} as MachinePlan;
const started = "2026-03-04T05:05:00.000Z";
const steps = { machine, generation: "g", started };
const view = (polled: Partial<Polled>, seen: Seen = new Map(), at = now) =>
  polledView(plan, machine, { power: "on", console: undefined, steps, ...polled }, seen, at, softTimeouts);

describe("a machine behind Matchbox", () => {
  test("that was never started is no alarm", () => {
    expect(view({ power: "off", steps: undefined })).toMatchObject({ signal: "idle", state: "off" });
  });

  test("that was started and is silent is worth a look after a while", () => {
    expect(view({})).toMatchObject({ signal: "busy", state: "not heard of yet", since: started });
    const later = new Date(now.getTime() + 12 * 60_000);
    expect(view({}, new Map(), later).next).toMatch(
      /^Check the network cable of w1: it was switched on 13 minutes/,
    );
  });

  test("tells by its console how far it is, and since when", () => {
    const seen: Seen = new Map();
    const console = "landfall: stage boot\nlandfall: stage install\n";
    expect(view({ console }, seen)).toMatchObject({ state: "installing", stage: "install" });
    const later = new Date(now.getTime() + 60_000);
    expect(view({ console }, seen, later).stages.at(-1)).toEqual({ stage: "install", at: now.toISOString() });
    const ready = `${console}landfall: stage system\nlandfall: stage ready\n`;
    expect(view({ console: ready }, seen, later)).toMatchObject({
      signal: "good",
      state: "ready",
      since: later.toISOString(),
    });
  });

  test("says why its installer stopped", () => {
    const console =
      "landfall: stage boot\nlandfall: failed: the disk belongs to cluster 'prod-v1', not to 'lab-v1': nothing was changed\n";
    expect(view({ console })).toMatchObject({ signal: "act", state: "refused: disk in use" });
  });

  test("that is switched off, or whose BMC is silent, says so", () => {
    const console = "landfall: stage ready\n";
    expect(view({ console, power: "off" })).toMatchObject({ signal: "look", state: "off" });
    expect(view({ console, power: { unknown: "no route" } })).toMatchObject({
      signal: "look",
      next: "The BMC of w1 does not answer: no route",
    });
  });
});

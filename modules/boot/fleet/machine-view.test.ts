import { describe, expect, test } from "vitest";
import type { MachineRecord } from "../machine/types.ts";
import { ago, exampleMachine, exampleOrder, reached } from "./example-fleet.ts";
import { machineView } from "./machine-view.ts";
import { softTimeouts } from "./timeouts.ts";

const now = new Date("2026-03-04T05:06:07.000Z");
const minutes = 60;
const view = (more: Partial<MachineRecord>, timeouts = softTimeouts) =>
  machineView(exampleMachine({ name: "m2", number: 18, role: "master" }, more), now, timeouts);
const running = (takenAgo: number, more: Partial<MachineRecord["order"] & object> = {}) =>
  exampleOrder(now, takenAgo + 60, { state: "running", taken: ago(now, takenAgo), boots: 1, ...more });
const installed = (secondsAgo: number) => ({
  cluster: "lab-v1",
  generation: "g",
  since: ago(now, secondsAgo),
});

describe("a machine that nobody claimed", () => {
  test("is free", () => {
    expect(view({})).toMatchObject({
      signal: "idle",
      state: "free",
      next: "Nothing to do: no cluster has claimed m2.",
    });
  });

  test("is free after a wipe, and says so", () => {
    const order = exampleOrder(now, 600, { kind: "wipe", state: "done", ended: ago(now, 60) });
    expect(view({ order })).toMatchObject({ signal: "idle", state: "wiped", since: ago(now, 60) });
  });
});

describe("a machine with an order that it has not asked for", () => {
  test.each([
    ["just now", 30, "busy", "Nothing to do: m2 was switched on, and its firmware is at work."],
    [
      "12 minutes ago",
      12 * minutes,
      "look",
      "Check the network cable of m2: it was switched on 12 minutes ago and it has not asked the boot service for anything.",
    ],
    [
      "longer ago than its soft time-out",
      41 * minutes,
      "act",
      "Look at m2: it was switched on 41 minutes ago and it has not asked the boot service for anything. Check that it has power, that its network cable is in the right port, and that network boot comes first in its firmware.",
    ],
  ])("switched on %s", (_, seconds, signal, next) => {
    const order = exampleOrder(now, seconds + 5);
    expect(view({ order, stages: reached(now, { power: seconds }) })).toMatchObject({
      signal,
      next,
      state: "not heard of yet",
      since: ago(now, seconds),
      waitsFor: "its first request to the boot service",
    });
  });

  test("is not said to be switched on when that is not known", () => {
    const stages = reached(now, { power: 3 * 3600 });
    expect(view({ order: exampleOrder(now, 12 * minutes), stages }).next).toBe(
      "Check the network cable of m2: its install order is 12 minutes old and it has not asked the boot service for anything.",
    );
  });

  test("whose order expired is told to whoever deploys", () => {
    const expired = exampleOrder(now, 10 * 3600);
    for (const order of [expired, { ...expired, state: "expired" as const }])
      expect(view({ order })).toMatchObject({
        signal: "look",
        state: "order expired",
        next: "m2 did not ask for its install order in time, so it was taken back. Check its power and its network cable, then have lab-v1 deployed again.",
      });
  });
});

describe("a machine that installs", () => {
  test("has nothing to be done, and says how far it is", () => {
    const stages = reached(now, { ipxe: 90, boot: 80, install: 70 });
    expect(view({ order: running(90), stages, percent: 40.7 })).toMatchObject({
      signal: "busy",
      state: "installing",
      percent: 40.7,
      waitsFor: "the system to be written to its disk",
      next: "Nothing to do: m2 is installing, 40%.",
    });
  });

  test("is flagged after its soft time-out, and may be switched off and on", () => {
    expect(view({ order: running(31 * minutes), heard: ago(now, 20 * minutes) })).toMatchObject({
      signal: "act",
      flagged: "install",
      next: "Look at the screen of m2: it began 31 minutes ago to install, and was last heard of 20 minutes ago. Switching it off and on is safe: it does it again.",
    });
  });

  test("has its own time-outs in a quicker rack", () => {
    const quick = { install: 60, reboot: 60, join: 60 };
    expect(view({ order: running(61) }, quick)).toMatchObject({ flagged: "install" });
  });

  test("is refused by a disk of another cluster", () => {
    const reason = "the disk belongs to cluster 'prod-v1', not to 'lab-v1': nothing was changed";
    const order = running(60, { state: "failed", ended: ago(now, 30), reason });
    expect(view({ order })).toMatchObject({
      signal: "act",
      state: "refused: disk in use",
      next: "m2's disk belongs to cluster prod-v1, and nothing on it was changed. If prod-v1 is still needed, put the right disk or machine in; if not, have prod-v1 destroyed first, then lab-v1 deployed again.",
    });
  });

  test("fails in the installer's words", () => {
    const order = running(60, { state: "failed", reason: "no disk /dev/sda." });
    expect(view({ order }).next).toBe("Tell whoever deploys lab-v1: m2 could not install: no disk /dev/sda.");
  });
});

describe("a machine that is installed", () => {
  const order = running(600, { state: "done", ended: ago(now, 300) });
  const written = { ipxe: 600, boot: 590, install: 580, ignition: 320, installed: 300 };

  test("starts its own system", () => {
    expect(view({ order, installed: installed(300), stages: reached(now, written) })).toMatchObject({
      signal: "busy",
      state: "starting",
      waitsFor: "its own system to start",
      next: "Nothing to do: m2 is starting its system.",
    });
  });

  test("is flagged when its system does not start", () => {
    const quick = { ...softTimeouts, reboot: 200 };
    expect(view({ order, installed: installed(300), stages: reached(now, written) }, quick)).toMatchObject({
      signal: "act",
      flagged: "reboot",
      next: "Look at the screen of m2: it was installed 5 minutes ago, and the system has not started. Switching it off and on is safe.",
    });
  });

  test("joins, and is flagged when that takes too long", () => {
    const more = {
      order,
      installed: installed(300),
      stages: reached(now, { ...written, system: 200, etcd: 150 }),
    };
    expect(view(more)).toMatchObject({ signal: "busy", state: "joining", since: ago(now, 200) });
    expect(view(more, { ...softTimeouts, join: 190 })).toMatchObject({
      signal: "act",
      flagged: "join",
      next: "Tell whoever deploys lab-v1: the system of m2 started 3 minutes ago, and it waits for its API server to answer.",
    });
  });

  test("waits for its kubelet, then for what that starts: on a worker, nothing but its node", () => {
    const waits = (stages: Parameters<typeof reached>[1], role: "master" | "worker") => {
      const machine = exampleMachine({ name: "m2", number: 18, role }, { order, installed: installed(300) });
      const known = { ...machine, stages: reached(now, { ...written, ...stages }) };
      return machineView(known, now, softTimeouts);
    };
    for (const role of ["master", "worker"] as const)
      expect(waits({ system: 200 }, role).waitsFor).toBe("its keys, and its kubelet to start");
    expect(waits({ system: 200, kubelet: 180 }, "master")).toMatchObject({
      state: "joining",
      stage: "kubelet",
      since: ago(now, 200),
      waitsFor: "etcd to answer",
    });
    expect(waits({ system: 200, kubelet: 180 }, "worker").waitsFor).toBe("node m2 to become Ready");
    // A machine of an older release says nothing of its kubelet.
    expect(waits({ system: 200, etcd: 150 }, "master")).toMatchObject({
      state: "joining",
      waitsFor: "its API server to answer",
    });
  });

  test("is ready", () => {
    const stages = reached(now, { ...written, system: 200, ready: 100 });
    expect(view({ order, installed: installed(300), stages })).toMatchObject({
      signal: "good",
      state: "ready",
      since: ago(now, 100),
      cluster: "lab-v1",
      next: "Nothing to do: m2 is ready, in service of lab-v1.",
    });
  });

  test("is in service where nothing is known of how it came there", () => {
    expect(view({ installed: installed(9 * 3600) })).toMatchObject({ signal: "good", state: "in service" });
  });
});

describe("a machine whose cluster was seen to be healthy", () => {
  const order = running(600, { state: "done", ended: ago(now, 300) });
  const stages = reached(now, { ipxe: 600, installed: 300, system: 200 });
  const joining = exampleMachine({ name: "m2", number: 18 }, { order, installed: installed(300), stages });
  const seen = (secondsAgo: number) => machineView(joining, now, softTimeouts, ago(now, secondsAgo));

  test("since it started is in service, whatever got lost of what it said", () => {
    expect(seen(50)).toMatchObject({ signal: "good", state: "in service", since: ago(now, 50) });
  });

  test("before it started is still on its way", () => {
    expect(seen(250)).toMatchObject({ signal: "busy", state: "joining" });
  });
});

test("a machine that runs from memory is ready like another, and says when its start failed", () => {
  const order = running(100, { kind: "memory" });
  expect(view({ order, stages: reached(now, { ipxe: 100, system: 50, ready: 10 }) })).toMatchObject({
    signal: "good",
    state: "ready",
  });
  const failed = { ...order, reason: "an image's SHA-256 is not the one that was ordered" };
  expect(view({ order: failed, stages: reached(now, { ipxe: 100 }) })).toMatchObject({
    signal: "look",
    next: "m2 could not start: an image's SHA-256 is not the one that was ordered. Switching it off and on is safe: it tries again.",
  });
});

test("an order's id is not shown, and clocks may differ", () => {
  const shown = view({ order: running(-3600) });
  expect(JSON.stringify(shown)).not.toContain("a".repeat(32));
  expect(shown.signal).toBe("busy");
});

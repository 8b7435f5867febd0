// Time-outs against time-outs, as the files' defaults and the boot service's own have them: no number is made up here.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import {
  longestOrder,
  type MachineEvent,
  machineView,
  type OrderKind,
  openMachines,
  openMemoryStore,
  softTimeouts,
} from "../boot/index.ts";
import { defaults } from "../spec/index.ts";
import { exampleSite } from "./example-site.ts";
import { isOnItsWay, orderSeconds, softTimeoutsOf } from "./patience.ts";
import { planAll } from "./project.ts";
import { openWorkspace } from "./workspace.ts";

/** The plan of a cluster whose files say nothing of time, but for these. */
function planned({ site = "", cluster = "" } = {}) {
  const root = mkdtempSync(join(tmpdir(), "landfall-patience-"));
  try {
    mkdirSync(join(root, "clusters"));
    const boot = "  assets: assets\n";
    writeFileSync(
      join(root, "clusters", "site.yaml"),
      exampleSite(["m1"]).replace(boot, `${boot}${site && `  softTimeouts: ${site}\n`}`),
    );
    writeFileSync(
      join(root, "clusters", "prod-v1.yaml"),
      `name: prod
version: v1
kubernetes: 1.34.1
endpoint: { address: 10.77.0.100 }
masters: { machines: [m1] }
${cluster && `timeouts: ${cluster}\n`}`,
    );
    return planAll(openWorkspace(root, {}, join(root, "cache")))[0]!;
  } finally {
    rmSync(root, { recursive: true });
  }
}

/** A machine and the service that knows it, at a time of the test's own. */
function machine(kind: OrderKind = "install", seconds = orderSeconds(planned())) {
  const mac = "52:54:00:00:00:01";
  const id = "a".repeat(32);
  const landing = { cluster: "prod-v1", generation: "g1" };
  const began = Date.parse("2026-01-02T03:04:05Z");
  let now = new Date(began);
  const machines = openMachines({ store: openMemoryStore(), now: () => now });
  const apply = (event: MachineEvent) => machines.apply(mac, event);
  const after = (secondsSinceArmed: number) => {
    now = new Date(began + secondsSinceArmed * 1000);
  };
  return {
    /** At so many seconds after it got its order, and its power. */
    async at(seconds: number, event?: Extract<MachineEvent, { type: "boot" }> | object) {
      after(seconds);
      if (event === undefined) return undefined;
      const known = "type" in event ? (event as MachineEvent) : undefined;
      return apply(known ?? { type: "report", report: { order: id, ...event } });
    },
    async arm() {
      await apply({ type: "register", machine: { mac, name: "m1", site: "rack" } });
      await apply({ type: "arm", order: { id, kind, ...landing, seconds } });
    },
    cancel: () => apply({ type: "cancel", ...landing }),
    view: async (soft = softTimeouts) => machineView((await machines.get(mac))!, now, soft),
    onItsWay: async (startedFor: number, of: Partial<typeof landing> = {}) =>
      isOnItsWay((await machines.get(mac))!, { ...landing, ...of, startedFor }, softTimeouts, now),
  };
}

const boot = { type: "boot" } as const;

describe("an order", () => {
  test("with nothing said of time: its machine is given up, then flagged, and only then the order is taken back", async () => {
    const { timeouts } = planned();
    expect([timeouts.boot, softTimeoutsOf({})]).toEqual([
      defaults.bootTimeout,
      { install: defaults.softInstall, reboot: defaults.softReboot, join: defaults.softJoin },
    ]);
    const silent = machine();
    await silent.arm();
    await silent.at(timeouts.boot);
    expect(await silent.view()).toMatchObject({ state: "not heard of yet", signal: "look" });
    await silent.at(softTimeouts.reboot);
    expect(await silent.view()).toMatchObject({ state: "not heard of yet", flagged: "reboot" });
    // A POST that takes all of the time that it may is no reason to lose it.
    expect(await silent.at(softTimeouts.reboot, boot)).toMatchObject({ answer: { boot: "order" } });
  });

  test("is taken back in the end", async () => {
    const silent = machine();
    await silent.arm();
    await silent.at(orderSeconds(planned()) + 1);
    expect(await silent.view()).toMatchObject({ state: "order expired" });
    expect(await silent.at(orderSeconds(planned()) + 1, boot)).toMatchObject({ answer: { boot: "local" } });
  });

  test.each([
    ["a rack whose POST is slower still", { site: "{ reboot: 7200 }" }, 7200],
    ["a rack whose POST is quick", { site: "{ reboot: 60 }" }, defaults.bootTimeout],
    ["a cluster that waits for longer", { cluster: "{ boot: 9000 }" }, 9000],
    ["a quick cluster", { cluster: "{ boot: 60 }" }, defaults.softReboot],
  ])("of %s outlives whoever waits for longest", (_, files, waited) => {
    const seconds = orderSeconds(planned(files));
    expect(seconds).toBeGreaterThan(waited);
    expect(seconds).toBeLessThanOrEqual(waited + 300);
  });

  test("is never longer than the boot service takes it", () => {
    expect(orderSeconds(planned({ site: "{ reboot: 99999999 }" }))).toBe(longestOrder);
  });
});

describe("a machine that has not answered in time is on its way", () => {
  const { install, reboot } = softTimeouts;
  const late = defaults.bootTimeout + 1;

  test("in its POST, until the soft time-out has passed since it got power", async () => {
    const slow = machine();
    await slow.arm();
    await slow.at(late);
    expect(await slow.onItsWay(late)).toBe(true);
    await slow.at(reboot);
    expect(await slow.onItsWay(reboot)).toBe(false);
    // Started once more, by the same order.
    expect(await slow.onItsWay(60)).toBe(true);
  });

  test("while its install is heard of, however long it takes", async () => {
    const slow = machine();
    await slow.arm();
    await slow.at(late, boot);
    await slow.at(late + 3 * install, { stage: "install", percent: 5 });
    await slow.at(late + 3 * install + 299);
    expect(await slow.onItsWay(late + 3 * install + 299)).toBe(true);
    await slow.at(late + 3 * install + 301);
    expect(await slow.onItsWay(late + 3 * install + 301)).toBe(false);
  });

  test("in an install that says nothing, until the soft time-out has passed since it began", async () => {
    const quiet = machine();
    await quiet.arm();
    await quiet.at(600, boot);
    await quiet.at(600 + install - 1);
    expect(await quiet.onItsWay(600 + install - 1)).toBe(true);
    await quiet.at(600 + install);
    expect(await quiet.onItsWay(600 + install)).toBe(false);
  });

  test("in the POST after a power cut, with its install begun", async () => {
    const cut = machine();
    await cut.arm();
    await cut.at(60, boot);
    const now = 60 + 3 * install;
    await cut.at(now);
    expect(await cut.onItsWay(reboot - 1)).toBe(true);
    expect(await cut.onItsWay(reboot)).toBe(false);
  });

  test("installed, until the soft time-out has passed", async () => {
    const installed = machine();
    await installed.arm();
    await installed.at(60, boot);
    await installed.at(late, { result: "installed" });
    await installed.at(late + reboot - 1);
    expect(await installed.onItsWay(late + reboot - 1)).toBe(true);
    await installed.at(late + reboot);
    expect(await installed.onItsWay(late + reboot)).toBe(false);
  });

  test("into memory, too", async () => {
    const diskless = machine("memory");
    await diskless.arm();
    await diskless.at(late - 60, boot);
    await diskless.at(late);
    expect(await diskless.onItsWay(late)).toBe(true);
  });

  test("never, once the boot service says that its order failed, expired or was cancelled, or is another's", async () => {
    const failed = machine();
    await failed.arm();
    await failed.at(60, boot);
    await failed.at(70, { result: "failed", reason: "no disk" });
    expect(await failed.onItsWay(70)).toBe(false);

    const expired = machine("install", 100);
    await expired.arm();
    await expired.at(101);
    expect(await expired.onItsWay(101)).toBe(false);

    const cancelled = machine();
    await cancelled.arm();
    await cancelled.cancel();
    expect(await cancelled.onItsWay(1)).toBe(false);

    const another = machine();
    await another.arm();
    expect(await another.onItsWay(1, { generation: "g0" })).toBe(false);
    expect(await another.onItsWay(1, { cluster: "prod-v2" })).toBe(false);

    const wiping = machine("wipe");
    await wiping.arm();
    await wiping.at(1, boot);
    expect(await wiping.onItsWay(1)).toBe(false);
  });
});

import { describe, expect, test } from "vitest";
import { answer, type Transition, transition } from "./transition.ts";
import { type MachineEvent, type MachineRecord, machineRecordSchema, type OrderKind } from "./types.ts";

const start = Date.parse("2026-01-02T03:04:05Z");
const mac = "52:54:00:00:00:01";
const at = (seconds: number) => new Date(start + seconds * 1000);
const id = (number: number) => String(number).padStart(32, "0");

const register: MachineEvent = { type: "register", machine: { mac, name: "m1", site: "lab" } };
const boot: MachineEvent = { type: "boot" };
const arm = (kind: OrderKind, generation = "g1", cluster = "blue-v1", number = 1): MachineEvent => ({
  type: "arm",
  order: { id: id(number), kind, cluster, generation, seconds: 600 },
});
const report = (told: object, number = 1): MachineEvent => ({
  type: "report",
  report: { order: id(number), ...told },
});
const cancel = (generation = "g1", cluster = "blue-v1"): MachineEvent => ({
  type: "cancel",
  cluster,
  generation,
});
const release = (generation = "g1", cluster = "blue-v1"): MachineEvent => ({
  type: "release",
  cluster,
  generation,
});
const installed = report({ result: "installed" });

/** Applies events a second apart; each must be accepted, and leave what the schema takes. */
function having(...events: readonly MachineEvent[]): MachineRecord {
  let record: MachineRecord | undefined;
  for (const [seconds, event] of [register, ...events].entries()) {
    const result = transition(record, event, at(seconds));
    if ("refused" in result) throw result.refused;
    record = machineRecordSchema.parse(result.record);
  }
  return record!;
}

function code(result: Transition): string {
  return "refused" in result ? result.refused.code : "accepted";
}

function boots(record: MachineRecord, now = at(60)): string {
  const result = transition(record, boot, now);
  if ("refused" in result) return expect.unreachable();
  return result.answer?.boot === "order" ? result.answer.order.kind : "local";
}

describe("what a machine boots", () => {
  test("its own disk, without an order", () => {
    expect(boots(having())).toBe("local");
    expect(having(boot).heard).toBe(at(1).toISOString());
  });

  test("an install, again after each power cut, until it is installed; then never", () => {
    expect(having(arm("install"), boot).order).toMatchObject({
      state: "running",
      boots: 1,
      taken: at(2).toISOString(),
    });
    expect(boots(having(arm("install"), boot, boot))).toBe("install");
    const done = having(arm("install"), boot, boot, installed);
    expect(done.order).toMatchObject({ state: "done", boots: 2, taken: at(2).toISOString() });
    expect(done.installed).toEqual({ cluster: "blue-v1", generation: "g1", since: at(4).toISOString() });
    expect(boots(done)).toBe("local");
  });

  test("an install that nobody asked for in time expires; one that is running does not", () => {
    const late = transition(having(arm("install")), boot, at(602));
    expect(late).toMatchObject({ answer: { boot: "local" }, record: { order: { state: "expired" } } });
    expect(boots(having(arm("install"), boot), at(400 * 86_400))).toBe("install");
  });

  test("nothing where the clock went back to before the order was made", () => {
    expect(boots(having(arm("install")), at(-250))).toBe("install");
    expect(boots(having(arm("install")), at(-400 * 86_400))).toBe("local");
  });

  test("a rescue system once", () => {
    const taken = having(arm("rescue"), boot);
    expect(answer(taken, at(60)).boot).toBe("order");
    expect(having(arm("rescue"), boot, boot).order).toMatchObject({ state: "done", boots: 1 });
    expect(boots(having(arm("rescue"), boot, boot))).toBe("local");
  });

  test("a system in memory at every start, until it is cancelled", () => {
    expect(boots(having(arm("memory"), boot, boot, boot))).toBe("memory");
    expect(boots(having(arm("memory"), boot, report({ result: "failed", reason: "no image" })))).toBe(
      "memory",
    );
    expect(boots(having(arm("memory"), boot, cancel()))).toBe("local");
  });

  test("its own disk, where a record says both installed and armed", () => {
    const wrong: MachineRecord = {
      ...having(arm("install"), boot, installed),
      order: having(arm("wipe")).order!,
    };
    expect(boots(wrong)).toBe("local");
    expect(boots(wrong, at(400 * 86_400))).toBe("local");
  });

  test("its own disk, once the installer has refused", () => {
    const failed = having(
      arm("install"),
      boot,
      report({ result: "failed", reason: "the disk is\nblue's\u001b[2J" }),
    );
    expect(failed.order).toMatchObject({ state: "failed", reason: "the disk is blue's [2J" });
    expect(boots(failed)).toBe("local");
  });
});

describe("an order", () => {
  test("armed again is the same one, for longer", () => {
    const again = having(arm("install", "g1", "blue-v1", 1), arm("install", "g1", "blue-v1", 2));
    expect(again.order).toMatchObject({ id: id(1), expires: at(602).toISOString() });
    const running = having(arm("install"), boot);
    expect(transition(running, arm("install", "g1", "blue-v1", 2), at(9))).toEqual({ record: running });
  });

  test("may be another one of the same cluster before it is taken, and after it has ended", () => {
    expect(having(arm("install"), arm("install", "g2", "blue-v1", 2)).order).toMatchObject({ id: id(2) });
    expect(having(arm("install"), boot, cancel(), arm("install", "g2", "blue-v1", 2)).order?.id).toBe(id(2));
    expect(having(arm("rescue"), boot, arm("install", "g1", "blue-v1", 2)).order?.id).toBe(id(2));
  });

  test.each([
    ["install", "g2", "blue-v1", "order-running"],
    ["wipe", "g1", "blue-v1", "order-running"],
    ["rescue", "g1", "blue-v1", "order-running"],
    ["install", "g1", "green-v1", "machine-taken"],
    ["rescue", "g1", "green-v1", "machine-taken"],
  ] as const)(
    "%s of %s for %s is refused while blue's install runs: %s",
    (kind, generation, cluster, refused) => {
      expect(code(transition(having(arm("install"), boot), arm(kind, generation, cluster, 2), at(9)))).toBe(
        refused,
      );
    },
  );

  test("of another cluster is refused while one is armed, and taken once that has expired", () => {
    const green = arm("install", "g1", "green-v1", 2);
    expect(code(transition(having(arm("install")), green, at(9)))).toBe("machine-taken");
    expect(code(transition(having(arm("install")), green, at(602)))).toBe("accepted");
  });

  test.each([
    ["install", "g1", "blue-v1", "already-installed"],
    ["install", "g2", "blue-v1", "in-service"],
    ["install", "g1", "green-v1", "in-service"],
    ["wipe", "g1", "blue-v1", "in-service"],
    ["memory", "g1", "blue-v1", "in-service"],
    ["rescue", "g1", "green-v1", "in-service"],
    ["rescue", "g1", "blue-v1", "accepted"],
  ] as const)("%s of %s for %s on a machine in blue's service: %s", (kind, generation, cluster, expected) => {
    const serving = having(arm("install"), boot, installed);
    for (const now of [at(9), at(400 * 86_400), at(-400 * 86_400)])
      expect(code(transition(serving, arm(kind, generation, cluster, 2), now))).toBe(expected);
  });

  test("is cancelled and released by its own landing alone", () => {
    const armed = having(arm("install"));
    expect(having(arm("install"), cancel("g0"), cancel("g1", "green-v1")).order).toEqual(armed.order);
    expect(having(arm("install"), cancel()).order).toMatchObject({ state: "cancelled" });
    const serving = having(arm("install"), boot, installed);
    expect(having(arm("install"), boot, installed, release("g0"), release("g1", "green-v1"))).toEqual(
      serving,
    );
    const free = having(arm("install"), boot, installed, release());
    expect([free.order, free.installed]).toEqual([undefined, undefined]);
    expect(code(transition(free, arm("wipe", "g1", "green-v1", 2), at(9)))).toBe("accepted");
  });
});

describe("an order that has ended", () => {
  const failed = report({ result: "failed", reason: "the disk is green's" });

  test("is armed anew, as another order", () => {
    for (const ended of [[boot, failed], [cancel()], [boot, cancel()]]) {
      const again = having(arm("install"), ...ended, arm("install", "g1", "blue-v1", 2)).order;
      expect(again).toMatchObject({ id: id(2), state: "armed", boots: 0 });
    }
  });

  test("is not cancelled, and does not fail after it was cancelled", () => {
    expect(having(arm("install"), boot, failed, cancel()).order).toMatchObject({ state: "failed" });
    expect(having(arm("install"), boot, installed, cancel()).order).toMatchObject({ state: "done" });
    expect(having(arm("install"), boot, cancel(), failed).order).toMatchObject({ state: "cancelled" });
  });
});

describe("a report", () => {
  test("of another order, or of none, counts for nothing", () => {
    for (const record of [
      having(),
      having(arm("install"), boot),
      having(arm("install"), boot, installed, release()),
    ])
      expect(code(transition(record, report({ result: "installed" }, 2), at(9)))).toBe("other-order");
    expect(code(transition(having(arm("install"), boot, installed, release()), installed, at(9)))).toBe(
      "other-order",
    );
    expect(code(transition(undefined, installed, at(9)))).toBe("unknown-machine");
  });

  test("that a disk is installed is a fact, also of an order that was cancelled", () => {
    expect(having(arm("install"), boot, cancel(), installed).installed).toMatchObject({ cluster: "blue-v1" });
    expect(having(arm("install"), boot, report({ result: "failed" }), installed).order).toMatchObject({
      state: "done",
    });
  });

  test("that comes twice, or late, changes nothing that has ended", () => {
    const done = having(arm("install"), boot, installed);
    const late = having(arm("install"), boot, installed, report({ result: "failed" }), installed);
    expect({ ...late, heard: "" }).toEqual({ ...done, heard: "" });
  });

  test("says only what its order is for", () => {
    expect(having(arm("memory"), boot, installed).installed).toBeUndefined();
    expect(having(arm("wipe"), boot, installed).order).toMatchObject({ state: "running" });
    expect(having(arm("install"), boot, report({ result: "wiped" })).order).toMatchObject({
      state: "running",
    });
    expect(boots(having(arm("wipe"), boot, report({ result: "wiped" })))).toBe("local");
  });

  test("moves the stages on; a boot starts them anew", () => {
    const under = [
      arm("install"),
      report({ stage: "firmware" }),
      boot,
      report({ stage: "install", percent: 40 }),
    ];
    const stagesOf = (record: MachineRecord) => record.stages.map(({ stage }) => stage);
    expect(stagesOf(having(...under))).toEqual(["firmware", "ipxe", "install"]);
    expect(having(...under, report({ percent: 50 })).percent).toBe(50);
    expect(having(...under, report({ stage: "ignition" })).percent).toBeUndefined();
    expect(stagesOf(having(...under, boot))).toEqual(["firmware", "ipxe"]);
    const late = having(
      ...under,
      installed,
      report({ stage: "system" }),
      report({ stage: "ignition", percent: 9 }),
    );
    expect(stagesOf(late)).toEqual(["firmware", "ipxe", "install", "installed", "system"]);
    expect(late.percent).toBeUndefined();
    // Whichever of its system's stages is heard first.
    const joined = [report({ stage: "etcd" }), report({ stage: "kubelet" }), report({ stage: "system" })];
    expect(stagesOf(having(...under, installed, ...joined)).slice(-3)).toEqual(["system", "kubelet", "etcd"]);
  });

  test("never keeps half a character", () => {
    const line = after(`${"x".repeat(199)}😀`);
    expect(line.isWellFormed()).toBe(true);
    function after(text: string): string {
      return having(arm("install"), boot, report({ console: [text] })).console[0]!;
    }
  });

  test("keeps the last console lines, as text that is safe to show", () => {
    const console = Array.from(
      { length: 15 },
      (_, index) => `line ${index} \u001b[31m\u202e<b>${"x".repeat(300)}`,
    );
    const record = having(arm("install"), boot, report({ console }), report({ console: [...console, "\n"] }));
    expect(record.console).toHaveLength(20);
    expect(record.console[0]).toMatch(/^line 10 {2}\[31m <b>x+$/);
  });
});

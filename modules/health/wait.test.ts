import { describe, expect, it } from "vitest";
import { LandfallError } from "../spec/index.ts";
import type { Result } from "./check.ts";
import type { Condition, Finding } from "./condition.ts";
import { fakeCluster, list, node, paths } from "./fakes.ts";
import { type WaitOptions, waitHealthy } from "./wait.ts";

/** A clock that moves only when somebody sleeps; sleepers wake in order. */
function clock() {
  let time = 0;
  const sleepers: { at: number; wake: () => void }[] = [];
  const now = () => time;
  const sleep = (milliseconds: number) =>
    new Promise<void>((wake) => {
      sleepers.push({ at: time + milliseconds, wake });
      setImmediate(() => {
        const [next] = sleepers.sort((a, b) => a.at - b.at).splice(0, 1);
        if (!next) return;
        time = Math.max(time, next.at);
        next.wake();
      });
    });
  return { now, sleep } satisfies Pick<WaitOptions, "now" | "sleep">;
}

/** A condition that finds what is listed, one a check, and the last for ever. */
function scripted(name: string, ...findings: (Finding | Error | boolean)[]): Condition & { checks: number } {
  const condition = {
    name,
    describe: `${name} is well`,
    next: `mend ${name}`,
    checks: 0,
    check: async (): Promise<Finding> => {
      const finding = findings[Math.min(condition.checks, findings.length - 1)] ?? true;
      condition.checks += 1;
      if (finding instanceof Error) throw finding;
      return typeof finding === "boolean" ? { ok: finding, evidence: finding ? "good" : "bad" } : finding;
    },
  };
  return condition;
}

const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => expect.unreachable("it held"),
    (error: unknown) => error as LandfallError,
  );

describe("waitHealthy", () => {
  it("ends at once when all hold, each seen twice: once alone, once together", async () => {
    const conditions = [scripted("a"), scripted("b")];
    const results = await waitHealthy(fakeCluster(), { conditions, ...clock() });
    expect(results.map(({ name, ok }) => [name, ok])).toEqual([
      ["a", true],
      ["b", true],
    ]);
    expect(conditions.map(({ checks }) => checks)).toEqual([2, 2]);
  });

  it("checks only what does not hold yet", async () => {
    const [steady, late] = [scripted("steady"), scripted("late", false, new Error("refused"), false, true)];
    await waitHealthy(fakeCluster(), { conditions: [steady, late], ...clock() });
    expect([steady.checks, late.checks]).toEqual([2, 5]);
  });

  it("asks for what rests on another condition once that holds, and at the end whatever holds", async () => {
    const ground = scripted("ground", false, false, true);
    const roof = { ...scripted("roof"), after: "ground" };
    const checks: string[] = [];
    const watched = [ground, roof].map((condition) => ({
      ...condition,
      check: () => {
        checks.push(condition.name);
        return condition.check(fakeCluster());
      },
    }));
    await waitHealthy(fakeCluster(), { conditions: watched, ...clock() });
    expect(checks).toEqual(["ground", "ground", "ground", "roof", "ground", "roof"]);
    checks.length = 0;
    const never = { ...watched[0]!, check: async () => ({ ok: false, evidence: "bad" }) };
    const error = await failure(
      waitHealthy(fakeCluster(), { conditions: [never, watched[1]!], timeoutSeconds: 1, ...clock() }),
    );
    expect(error.message).toContain("ground");
    expect(checks).toContain("roof");
  });

  it("does not let a slow check delay the others", async () => {
    let answer = (_: Finding) => {};
    const slow: Condition = {
      ...scripted("slow"),
      check: () =>
        new Promise((resolve) => {
          answer = resolve;
        }),
    };
    const late = scripted("late", false, false, true);
    const held = new Promise<void>((resolve) => {
      const onProgress = (results: readonly Result[]) => {
        if (results.some(({ name, ok }) => name === "late" && ok)) resolve();
      };
      void waitHealthy(fakeCluster(), { conditions: [slow, late], onProgress, ...clock() });
    });
    await held;
    answer({ ok: true, evidence: "" });
  });

  it("waits again for what held and then did not, and for nothing else", async () => {
    const flapping = scripted("flapping", true, false, false, true);
    const steady = scripted("steady");
    await waitHealthy(fakeCluster(), { conditions: [flapping, steady], ...clock() });
    expect(flapping.checks).toBe(5);
    expect(steady.checks).toBe(3);
  });

  it("fails when what flaps never holds together with the rest", async () => {
    const never = scripted("never", ...Array.from({ length: 1000 }, (_, index) => index % 2 === 0));
    const error = await failure(
      waitHealthy(fakeCluster(), { conditions: [never], timeoutSeconds: 2, intervalMs: 500, ...clock() }),
    );
    expect(error.code).toBe("unhealthy");
  });

  it("names the first condition in order that does not hold, its evidence, the others, and what to do", async () => {
    const conditions = [scripted("a"), scripted("b", new Error("no route")), scripted("c", false)];
    const error = await failure(
      waitHealthy(fakeCluster(), { conditions, timeoutSeconds: 3, intervalMs: 500, ...clock() }),
    );
    expect(error).toBeInstanceOf(LandfallError);
    expect(error.message).toBe("lab-v1 is not healthy after 3 s: b does not hold: no route. Neither do: c.");
    expect(error.details).toEqual({ found: "no route", expected: "b is well", next: "mend b" });
  });

  it("tells what was last heard of machines that never came, asking once, at the end", async () => {
    const heard: string[] = [];
    const cluster = {
      ...fakeCluster({ [paths.nodes]: list(["m1", "m2", "m3"].map((name) => node(name))) }),
      lastHeard: async (machine: string) => {
        heard.push(machine);
        if (machine === "w2") throw new Error("its BMC does not answer");
        return "stage firmware, 50 s ago";
      },
    };
    const error = await failure(waitHealthy(cluster, { timeoutSeconds: 2, ...clock() }));
    expect(error.message).toContain("nodes-ready does not hold: w1, w2: not registered");
    expect(error.message).toContain("last heard of w1: stage firmware, 50 s ago");
    expect(error.message).toContain("last heard of w2: cannot be told: its BMC does not answer");
    expect(heard).toEqual(["w1", "w2"]);
  });

  it("tells of silent machines of later conditions too", async () => {
    const quiet = (name: string, ...silent: string[]) =>
      scripted(name, { ok: false, evidence: `${name} fails`, silent });
    const conditions = [scripted("a", false), quiet("b", "m3"), quiet("c", "m3", "w1")];
    const error = await failure(waitHealthy(fakeCluster(), { conditions, timeoutSeconds: 1, ...clock() }));
    expect(error.details.found).toBe(
      "bad; last heard of m3: m3 printed stage install; last heard of w1: w1 printed stage install",
    );
  });

  it("becomes healthy when the cluster does", async () => {
    const cluster = fakeCluster({
      [paths.nodes]: list([]),
      [paths.coreDns]: new Error("connect ECONNREFUSED"),
    });
    const seen: string[] = [];
    const results = await waitHealthy(cluster, {
      ...clock(),
      conditions: (await import("./conditions/index.ts")).conditions.slice(0, -1),
      onProgress: (now) => {
        seen.push(
          now
            .filter(({ ok }) => ok)
            .map(({ name }) => name)
            .join(" "),
        );
        cluster.broken = {};
      },
    });
    expect(results.every(({ ok }) => ok)).toBe(true);
    expect(seen.at(-1)).toBe("api apiservers etcd control-plane nodes-ready network dns service");
  });

  it("reports progress only when something changed", async () => {
    let calls = 0;
    const conditions = [scripted("a", false, false, false, false, true)];
    await waitHealthy(fakeCluster(), { conditions, onProgress: () => calls++, ...clock() });
    expect(calls).toBe(2);
  });

  it("names what fails in the end, not what failed on the way", async () => {
    const lost = scripted("lost", true, false);
    const late = scripted("late", false);
    const error = await failure(
      waitHealthy(fakeCluster(), { conditions: [lost, late], timeoutSeconds: 1, ...clock() }),
    );
    expect(error.message).toContain("lost does not hold");
  });

  it("checks even when no time is given", async () => {
    const condition = scripted("a", false);
    await failure(waitHealthy(fakeCluster(), { conditions: [condition], timeoutSeconds: 0, ...clock() }));
    expect(condition.checks).toBeGreaterThan(0);
  });

  it("ends with the signal's reason", async () => {
    const controller = new AbortController();
    const waiting = waitHealthy(fakeCluster(), {
      conditions: [scripted("a", false)],
      signal: controller.signal,
      onProgress: () => controller.abort(new Error("interrupted")),
    });
    await expect(waiting).rejects.toThrow("interrupted");
  });
});

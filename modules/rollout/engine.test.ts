// What a person meets: the model shows the rest.
import { expect, test } from "vitest";
import { LandfallError } from "../spec/index.ts";
import { abortRollout, type Effects, runRollout, type World } from "./engine.ts";
import { type Journal, openJournal, recordOf } from "./journal.ts";
import { planRollout } from "./plan.ts";
import { testCluster, testInput } from "./testing.ts";

const blue = testCluster("v1", { masters: ["m1"], workers: ["w1", "w2"] });
const green = testCluster("v2", { masters: ["s1"], workers: ["w1", "w2"] });

function start(replacement = {}, broken: Partial<Effects> = {}) {
  const input = testInput(blue, green, { replacement });
  const did: string[] = [];
  let journal = openJournal(planRollout(input), input, new Date(0));
  let time = 0;
  const note = (what: string) => async () => {
    did.push(what);
  };
  const effects: Effects = {
    land: note("land"),
    rehearse: note("rehearse"),
    unland: async () => {
      did.push("unland");
      return [];
    },
    prove: async (cluster) => {
      did.push(`prove ${cluster}`);
    },
    check: async ({ name }) => {
      did.push(`check ${name}`);
    },
    handOver: async (machines, idle) => {
      did.push(`hand over ${machines.join(" ")}${idle ? ", idle" : ""}`);
      return [];
    },
    handBack: async (machines) => {
      did.push(`hand back ${machines.join(" ")}`);
      return [];
    },
    migrate: note("migrate"),
    unmigrate: note("unmigrate"),
    shift: async (share) => {
      did.push(`shift ${share}`);
    },
    archive: note("archive"),
    retire: note("retire"),
    ...broken,
  };
  const world: World = {
    effects,
    now: () => new Date(time),
    sleep: async (milliseconds) => {
      time += milliseconds;
    },
    save: (next) => {
      journal = next;
    },
    tell: () => {},
  };
  return {
    did,
    world,
    journal: (): Journal => journal,
    run: () => runRollout(journal, world),
    abort: () => abortRollout(journal, world),
  };
}

const failing = async () => {
  throw new LandfallError("check-failed", "web does not answer");
};

test("all steps in order, and again nothing", async () => {
  const { run, did } = start({ soak: 0, hold: 0 });
  await run();
  expect(did).toEqual([
    "land",
    "rehearse",
    "hand over w1",
    "migrate",
    "prove green",
    "shift 100",
    "prove green",
    "archive",
    "hand over w2, idle",
    "retire",
    "land",
  ]);
  await run();
  expect(did).toHaveLength(11);
});

test("a check that fails before anything is touched: blue has not been asked for anything", async () => {
  const checks = [{ name: "web", command: ["false"] }];
  const { run, did, journal } = start({ soak: 0, checks }, { check: failing });
  await expect(run()).rejects.toThrow("web does not answer");
  expect(did).toEqual(["land", "rehearse"]);
  expect(recordOf(journal(), "check-web")).toMatchObject({ state: "running", error: "web does not answer" });
});

test("a step that is interrupted has not failed", async () => {
  const interruption = new AbortController();
  const { world, journal } = start(
    { soak: 0 },
    {
      migrate: async () => {
        interruption.abort(new LandfallError("interrupted", "interrupted"));
        throw new LandfallError("apply-failed", "the connection was closed");
      },
    },
  );
  const run = runRollout(journal(), { ...world, signal: interruption.signal });
  await expect(run).rejects.toMatchObject({ code: "interrupted" });
  expect(recordOf(journal(), "migrate")).toMatchObject({ state: "running" });
  expect(recordOf(journal(), "migrate").error).toBeUndefined();
});

test("a canary that fails gives all of the traffic back at once", async () => {
  const canary = { share: 10, seconds: 60, check: ["false"] };
  const { run, did, journal } = start({ soak: 0, canary }, { check: failing });
  await expect(run()).rejects.toThrow("web does not answer");
  expect(did.slice(-2)).toEqual(["shift 10", "shift 0"]);
  expect(journal().share).toBe(0);
});

test("green has to be well at the end of the hold, or blue stays", async () => {
  let well = true;
  const { run, did } = start(
    { soak: 0, hold: 100 },
    {
      shift: async () => {
        well = false;
      },
      prove: async () => {
        if (!well) throw new LandfallError("unhealthy", "w1 is silent");
      },
    },
  );
  await expect(run()).rejects.toThrow("w1 is silent");
  expect(did).not.toContain("archive");
});

test("an abort takes back what was done, in reverse, and ends with blue proven", async () => {
  const { run, abort, did, journal } = start(
    { soak: 0, hold: 0 },
    {
      shift: async (share) => {
        did.push(`shift ${share}`);
        if (share === 100) throw new Error("killed");
      },
    },
  );
  await expect(run()).rejects.toThrow("killed");
  did.length = 0;
  await abort();
  expect(did).toEqual(["shift 0", "unmigrate", "hand back w1", "unland", "prove blue"]);
  expect(journal().ended?.outcome).toBe("aborted");
});

test("what green could not let go of while it stood comes back to blue when it has ended", async () => {
  const promised: string[][] = [];
  const { run, abort, journal } = start(
    { soak: 0, hold: 0, waves: 2, capacity: 1 },
    {
      migrate: failing,
      handBack: async (machines) => machines.map((machine) => ({ machine, why: "its pods stay" })),
      unland: async (machines) => {
        promised.push([...machines]);
        return ["w1"];
      },
    },
  );
  await expect(run()).rejects.toThrow();
  const lent = journal().plan.steps.flatMap((step) =>
    step.kind === "wave" && step.reversible ? step.machines : [],
  );
  await abort();
  expect(promised).toEqual([lent]);
  expect(journal().leftBehind.map(({ machine }) => machine)).toEqual(lent.filter((each) => each !== "w1"));
});

test("after the point of no return an abort is refused, and it is said what goes on instead", async () => {
  const { run, abort } = start({ soak: 0, hold: 0 }, { retire: failing });
  await expect(run()).rejects.toThrow();
  await expect(abort()).rejects.toMatchObject({
    code: "no-return",
    message: "prod-v1 cannot be had back: its retirement has begun",
    details: { next: expect.stringContaining("npx landfall upgrade prod --to v2 finishes the replacement") },
  });
});

test("what was aborted does not go forward again by itself", async () => {
  const { run, abort } = start(
    { soak: 0, checks: [{ name: "web", job: "x" }] },
    { check: failing, unland: failing },
  );
  await expect(run()).rejects.toThrow();
  await expect(abort()).rejects.toThrow();
  await expect(run()).rejects.toMatchObject({ code: "aborting" });
});

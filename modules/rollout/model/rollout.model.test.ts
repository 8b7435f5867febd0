// Whatever is killed, dies or is aborted, and whenever: one healthy cluster is left, with every machine held once.
// `npm run soak -- rollout 10000` plays many more.
import { describe, expect, test } from "vitest";
import type { RolloutPlan, Step } from "../types.ts";
import { checkRollouts } from "./check.ts";
import type { Faulty } from "./world.ts";

const timeout = 60_000;

test("300 replacements with kills at any moment, dead machines, and aborts at any step", {
  timeout,
}, async () => {
  const played = await checkRollouts({ runs: 300, seed: 1 });
  if (typeof played === "string") throw new Error(played);
  // Stories in which nothing goes wrong show nothing.
  for (const count of Object.values(played)) expect(count).toBeGreaterThan(0);
});

/** The plan with a step moved before another. */
function moved(kind: Step["kind"], before: Step["kind"]): Faulty {
  return {
    plan: (plan): RolloutPlan => {
      const from = plan.steps.findIndex((step) => step.kind === kind);
      const step = plan.steps[from];
      if (step === undefined) return plan;
      const rest = plan.steps.toSpliced(from, 1);
      const to = rest.findIndex((each) => each.kind === before);
      return { ...plan, steps: rest.toSpliced(to, 0, { ...step, reversible: rest[to]?.reversible ?? true }) };
    },
  };
}

const wrong: Readonly<Record<string, Faulty>> = {
  "traffic moves before the work": moved("cut-over", "migrate"),
  "blue is retired before it is archived": moved("retire", "archive"),
  "waves that blue cannot spare go before the cut-over": {
    plan: (plan) => {
      const waves = plan.steps.filter(({ kind }) => kind === "wave");
      const rest = plan.steps.filter(({ kind }) => kind !== "wave");
      const to = rest.findIndex(({ kind }) => kind === "migrate");
      return {
        ...plan,
        steps: rest.toSpliced(to, 0, ...waves.map((each) => ({ ...each, reversible: true }))),
      };
    },
  },
  "an abort does not take the traffic back first": {
    effects: (effects) => ({
      ...effects,
      shift: async (share) => (share === 0 ? undefined : effects.shift(share)),
    }),
  },
  "an abort does not give machines back": {
    effects: (effects) => ({ ...effects, handBack: async () => [] }),
  },
  "the hold is not waited for": {
    plan: (plan) => ({
      ...plan,
      steps: plan.steps.map((step) =>
        step.kind === "hold" ? { ...step, kind: "soak", soak: 0 } : step,
      ) as Step[],
    }),
  },
  "a step is done in the journal before it is in the world": {
    save: (save) => (journal) =>
      save({
        ...journal,
        steps: journal.steps.map((step) => (step.state === "running" ? { ...step, state: "done" } : step)),
      }),
  },
};

describe("the model catches it when", () => {
  test.each(Object.entries(wrong))("%s", { timeout }, async (_, faulty) => {
    expect(await checkRollouts({ runs: 300, seed: 4, faulty, shrinkFor: 0 })).toEqual(expect.any(String));
  });
});

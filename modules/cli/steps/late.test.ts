import { expect, test } from "vitest";
import { attendLate, type LateMachine } from "./late.ts";

/** A machine that is late, and what is done to it. @param answers whether it is on its way, look by look */
function machine(...answers: readonly (boolean | Error)[]) {
  const state = { late: true, looks: 0, done: [] as string[] };
  const late: LateMachine = {
    isLate: () => state.late,
    isOnItsWay: async () => {
      const answer = answers[Math.min(state.looks++, answers.length - 1)]!;
      if (answer instanceof Error) throw answer;
      return answer;
    },
    restart: async () => {
      state.done.push("restart");
      state.late = false;
    },
    say: (text) => state.done.push(text),
    lookMilliseconds: 1,
  };
  return { state, late };
}

const waited = "slow, but on its way: waited for";
const never = new AbortController().signal;

test("one that still has time is left alone, and nobody is asked", async () => {
  const { state, late } = machine(false);
  state.late = false;
  expect(await attendLate(late)).toBeUndefined();
  expect(state).toMatchObject({ looks: 0, done: [] });
});

test("one that is not on its way is started again, at once", async () => {
  const { state, late } = machine(false);
  expect(await attendLate(late)).toBeUndefined();
  expect(state.done).toEqual(["restart"]);
});

test("one that is on its way keeps its power, for as long as it is; then it is started again, once", async () => {
  const { state, late } = machine(true, true, new Error("no answer"), true, false);
  const attend = await attendLate(late);
  expect(state.done).toEqual([waited]);
  await attend?.(never);
  expect(state).toMatchObject({ looks: 5, done: [waited, "restart"] });
});

test("one that was started again meanwhile has its time", async () => {
  const { state, late } = machine(true, false);
  const attend = await attendLate(late);
  state.late = false;
  await attend?.(never);
  expect(state.done).toEqual([waited]);
});

test("one that answers is watched no longer", async () => {
  const { state, late } = machine(true);
  const attend = await attendLate(late);
  const answered = new AbortController();
  const attended = attend?.(answered.signal);
  answered.abort();
  await attended;
  expect(state.done).toEqual([waited]);
});

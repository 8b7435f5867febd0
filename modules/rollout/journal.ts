// What has been done of a replacement, and when: written before and after each step, so that whoever comes next knows where
// to go on. Pure: each function returns the journal as it is to be written.
import type { ClusterId, Plan } from "../plan/types.ts";
import type { ReplacementSpec } from "../spec/index.ts";
import { differences } from "./differences.ts";
import { pointOfNoReturn } from "./plan.ts";
import type { RolloutPlan, Step } from "./types.ts";

/** What the plan was made from; certificates follow from the rest. */
export interface Files {
  readonly blue: Omit<Plan, "certificates">;
  readonly green: Omit<Plan, "certificates">;
  readonly replacement: ReplacementSpec;
}

export interface StepRecord {
  readonly id: string;
  readonly state: "pending" | "running" | "done" | "undone";
  /** ISO 8601: when it was first begun, and when it was done, or taken back. */
  readonly begun?: string;
  readonly ended?: string;
  /** Why the last attempt failed. */
  readonly error?: string;
}

/** A machine that did not come along. */
export interface LeftBehind {
  readonly machine: string;
  readonly step: string;
  readonly why: string;
}

export interface Journal {
  readonly format: 1;
  readonly name: string;
  readonly blue: ClusterId;
  readonly green: ClusterId;
  readonly plan: RolloutPlan;
  readonly files: Files;
  /** ISO 8601. */
  readonly started: string;
  /** `back` from the moment on when it was aborted. */
  readonly direction: "forward" | "back";
  /** In the order of the plan. */
  readonly steps: readonly StepRecord[];
  /** Percent of the traffic that green was given last. */
  readonly share: number;
  readonly leftBehind: readonly LeftBehind[];
  readonly ended?: { readonly at: string; readonly outcome: "replaced" | "aborted" };
}

export function openJournal(plan: RolloutPlan, files: FilesOf, now: Date): Journal {
  return {
    format: 1,
    name: plan.name,
    blue: plan.blue,
    green: plan.green,
    plan,
    files: filesOf(files),
    started: now.toISOString(),
    direction: "forward",
    steps: plan.steps.map(({ id }) => ({ id, state: "pending" })),
    share: 0,
    leftBehind: [],
  };
}

/** As planRollout gets them. */
export interface FilesOf {
  readonly blue: Plan;
  readonly green: Plan;
  readonly replacement: ReplacementSpec | undefined;
}

function filesOf({ blue, green, replacement = {} }: FilesOf): Files {
  const bare = ({ certificates: _, ...plan }: Plan) => plan;
  return { blue: bare(blue), green: bare(green), replacement };
}

/** What the files say otherwise than when the plan was made, as `prod-v2: pools[0].machines: ...`. */
export function changedSince(journal: Journal, files: FilesOf): string[] {
  const now = filesOf(files);
  const of = (part: keyof Files, who: string) =>
    differences(journal.files[part], now[part]).map((change) => `${who}: ${change}`);
  return [
    ...of("blue", journal.blue),
    ...of("green", journal.green),
    ...of("replacement", `${journal.green}, replacement`),
  ];
}

/**
 * How far it has come, which decides what changed files mean: `untouched` while nothing of blue's has been touched,
 * `under-way` until the point of no return, `past-return` from there on.
 */
export function phaseOf({ plan, steps }: Journal): "untouched" | "under-way" | "past-return" {
  const begun = steps.flatMap(({ state }, index) => (state === "pending" ? [] : [index]));
  if (begun.some((index) => index >= pointOfNoReturn(plan))) return "past-return";
  const harmless = ({ kind }: Step) => kind === "land" || kind === "soak" || kind === "check";
  const first = plan.steps.findIndex((step) => !harmless(step));
  return begun.some((index) => index >= first) ? "under-way" : "untouched";
}

export function begin(journal: Journal, id: string, now: Date): Journal {
  return update(journal, id, ({ error: _, ended: __, ...step }) => ({
    ...step,
    state: "running",
    begun: step.begun ?? now.toISOString(),
  }));
}

export function finish(journal: Journal, id: string, now: Date): Journal {
  return update(journal, id, (step) => ({ ...step, state: "done", ended: now.toISOString() }));
}

export function fail(journal: Journal, id: string, error: string): Journal {
  return update(journal, id, (step) => ({ ...step, error }));
}

export function undone(journal: Journal, id: string, now: Date): Journal {
  return update(journal, id, (step) => ({ ...step, state: "undone", ended: now.toISOString() }));
}

export function leave(journal: Journal, machines: readonly LeftBehind[]): Journal {
  const again = new Set(machines.map(({ machine }) => machine));
  const others = journal.leftBehind.filter(({ machine }) => !again.has(machine));
  return { ...journal, leftBehind: [...others, ...machines] };
}

export function end(journal: Journal, outcome: "replaced" | "aborted", now: Date): Journal {
  return { ...journal, ended: { at: now.toISOString(), outcome } };
}

export function recordOf({ steps }: Journal, id: string): StepRecord {
  const found = steps.find((step) => step.id === id);
  if (found === undefined) throw new TypeError(`the journal has no step ${id}`);
  return found;
}

/** Seconds from its beginning to its end; undefined while it has none. */
export function tookSeconds({ begun, ended }: StepRecord): number | undefined {
  if (begun === undefined || ended === undefined) return undefined;
  return (Date.parse(ended) - Date.parse(begun)) / 1000;
}

function update(journal: Journal, id: string, change: (step: StepRecord) => StepRecord): Journal {
  return { ...journal, steps: journal.steps.map((step) => (step.id === id ? change(step) : step)) };
}

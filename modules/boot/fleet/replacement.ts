// The replacement of one version of a cluster by the next, as whoever runs it reports it, and as people see it. Pure.
import { z } from "zod";
import { duration, roughly } from "./duration.ts";
import type { ReplacementView, Signal } from "./types.ts";

/** What is reported is shown as it is, in lines: nothing in it does anything to a terminal. */
const line = (most: number) =>
  z.string().transform((text) => text.replaceAll(/[\p{C}\p{Zl}\p{Zp}]+/gu, " ").slice(0, most));
const label = z.string().regex(/^[a-z0-9]([-a-z0-9]{0,252})$/);
const moment = z.iso.datetime();

const step = z.object({
  /** What it does, in a few words. */
  title: line(200),
  state: z.enum(["pending", "running", "done", "undone"]),
  /** When it was begun, and when it was done or taken back. */
  begun: moment.optional(),
  ended: moment.optional(),
  /** Why the last attempt failed. */
  error: line(1000).optional(),
  /** How long it was said to take. */
  seconds: z.number().min(0),
  /** Whether it can be taken back. */
  reversible: z.boolean(),
});

export const replacementReportSchema = z.object({
  /** Of the cluster, without a version. */
  name: label,
  blue: label,
  green: label,
  started: moment,
  /** When the command that carries it out was last heard of. */
  reported: moment,
  /** `back`: it was aborted. */
  direction: z.enum(["forward", "back"]),
  /** Whether somebody carries it out just now. */
  running: z.boolean(),
  /** Percent of the traffic that goes to green. */
  share: z.number().min(0).max(100),
  steps: z.array(step).max(1000),
  ended: z.object({ at: moment, outcome: z.enum(["replaced", "aborted"]) }).optional(),
});
export type ReplacementReport = z.infer<typeof replacementReportSchema>;
type Step = ReplacementReport["steps"][number];
type StepView = ReplacementView["steps"][number];

/** A command that runs says so every half minute; one that has not for so long was killed. */
export const silentSeconds = 120;
/** For how long people are told that it has ended. */
const shownSeconds = 86_400;

/** What people see of it; nothing once it has been over for a day. */
export function replacementView(report: ReplacementReport, now: Date): ReplacementView | undefined {
  const { name, blue, green, started, share, steps, ended, direction } = report;
  if (ended !== undefined && now.getTime() - Date.parse(ended.at) > shownSeconds * 1000) return undefined;
  const passed = passedReturn(report);
  const current = currentStep(report);
  const atIt = report.running && silenceOf(report, now) <= silentSeconds;
  const standing: Standing = { direction, current, atIt };
  return {
    name,
    blue,
    green,
    started,
    share,
    direction,
    ...judge(report, standing, now, passed),
    pointOfNoReturn: passed ? "passed" : "ahead",
    returnText: returnText(report, passed),
    steps: steps.map((step) => {
      const { title, begun, ended, error, seconds, reversible } = step;
      return {
        title,
        state: stepState(step, standing),
        ...(step === current && { current: true }),
        ...(begun !== undefined && { begun }),
        ...(ended !== undefined && { ended }),
        ...(error !== undefined && { error }),
        seconds,
        reversible,
      };
    }),
    ...(ended !== undefined && { ended: ended.at }),
  };
}

/** What a step's state is called, wherever people read it. */
export const stepWords: Readonly<Record<StepView["state"], string>> = {
  pending: "to come",
  running: "under way",
  stopped: "interrupted",
  done: "done",
  failed: "failed",
  undoing: "being taken back",
  undone: "taken back",
  skipped: "not done",
};
export const stepSignals: Readonly<Record<StepView["state"], Signal>> = {
  pending: "idle",
  running: "busy",
  stopped: "act",
  done: "good",
  failed: "act",
  undoing: "busy",
  undone: "idle",
  skipped: "idle",
};

/** What stands between the last step that can be taken back and the first that cannot. */
export function returnMark({
  blue,
  pointOfNoReturn,
}: Pick<ReplacementView, "blue" | "pointOfNoReturn">): string {
  return pointOfNoReturn === "passed"
    ? `point of no return, passed: ${blue} cannot be had back`
    : `point of no return: before it --abort goes back to ${blue}`;
}

/** The step that it is at: going back, the last that is not taken back yet. */
function currentStep({ direction, steps, ended }: ReplacementReport): Step | undefined {
  if (ended !== undefined) return undefined;
  if (direction === "back") return steps.findLast(({ state }) => state === "running" || state === "done");
  return steps.find(({ state }) => state === "running") ?? steps.find(({ state }) => state === "pending");
}

function stepState(step: Step, { direction, current, atIt }: Standing): StepView["state"] {
  const { state, error } = step;
  const back = direction === "back";
  if (back && state === "pending") return "skipped";
  if (step === current && back && atIt) return "undoing";
  if (error !== undefined && (state === "running" || (step === current && back))) return "failed";
  return state === "running" && !atIt ? "stopped" : state;
}

interface Standing extends Pick<ReplacementReport, "direction"> {
  readonly current: Step | undefined;
  /** Somebody carries it out, as far as is known. */
  readonly atIt: boolean;
}

/** Seconds. */
function silenceOf({ reported }: ReplacementReport, now: Date): number {
  return (now.getTime() - Date.parse(reported)) / 1000;
}

/** Once the first step has begun that cannot be taken back. */
function passedReturn({ steps }: ReplacementReport): boolean {
  return steps.some(({ reversible, state }) => !reversible && state !== "pending");
}

function returnText({ blue, steps, ended }: ReplacementReport, passed: boolean): string {
  if (ended?.outcome === "aborted") return `Everything was taken back: ${blue} serves again.`;
  if (passed) return `Passed: ${blue} cannot be had back; its archive holds its last state.`;
  const first = steps.find(({ reversible }) => !reversible);
  return first === undefined
    ? `Ahead: it can be aborted, and ${blue} serves again.`
    : `Ahead, before "${first.title}": until then it can be aborted, and ${blue} serves again.`;
}

interface Judgement {
  readonly signal: Signal;
  /** In a word or two. */
  readonly state: string;
  /** One sentence: what to do next. */
  readonly next: string;
  readonly announcement: string;
}

function judge(
  report: ReplacementReport,
  { current, atIt, direction }: Standing,
  now: Date,
  passed: boolean,
): Judgement {
  const { name, blue, green, ended } = report;
  const say = (signal: Signal, state: string, next: string, announcement = next): Judgement => ({
    signal,
    state,
    next,
    announcement,
  });
  if (ended?.outcome === "replaced")
    return say("good", "replaced", `Nothing to do: ${green} has taken the place of ${blue}.`);
  if (ended?.outcome === "aborted")
    return say(
      "good",
      "taken back",
      `Nothing to do: the replacement of ${blue} was taken back, and it serves.`,
    );
  const command = `npx landfall upgrade ${name} --to ${green.slice(name.length + 1)}${direction === "back" ? " --abort" : ""}`;
  const back = passed || direction === "back" ? "" : "; with --abort it goes back";
  const title = current?.title ?? "its end";
  if (!atIt && current?.error !== undefined)
    return say(
      "act",
      "failed",
      `Tell whoever runs ${name}: "${title}" ${direction === "back" ? "could not be taken back" : "failed"}: ${current.error.replace(/\.$/, "")}. Run it again, and it goes on: ${command}${back}.`,
      `The replacement of ${blue} failed: ${title}.`,
    );
  if (!atIt)
    return say(
      "act",
      "interrupted",
      `Tell whoever runs ${name}: its replacement was interrupted in "${title}", and last heard of ${roughly(silenceOf(report, now))} ago. Run it again, and it goes on: ${command}${back}.`,
      `The replacement of ${blue} was interrupted.`,
    );
  // Since when a step is being taken back is not known.
  const late =
    current?.begun === undefined || direction === "back"
      ? 0
      : (now.getTime() - Date.parse(current.begun)) / 1000 - 3 * current.seconds;
  if (late > 600)
    return say(
      "look",
      "under way",
      `Look at "${title}": it was to take ${duration(current!.seconds)}, and is at it for ${roughly((now.getTime() - Date.parse(current!.begun!)) / 1000)}.`,
      `"${title}" takes long.`,
    );
  return direction === "back"
    ? say(
        "busy",
        "going back",
        `Nothing to do: the replacement of ${blue} is being taken back, step by step, now: "${title}".`,
      )
    : say("busy", "under way", `Nothing to do: ${blue} is being replaced by ${green}, now: ${title}.`);
}

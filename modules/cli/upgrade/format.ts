// A replacement as people read it: before it is begun, and when it is over.
import { returnMark, stepWords } from "../../boot/index.ts";
import {
  amountText,
  type Journal,
  pointOfNoReturn,
  type RolloutPlan,
  recordOf,
  type Step,
  tookSeconds,
} from "../../rollout/index.ts";
import { table } from "../output.ts";

/** @param columns of the terminal; where the steps do not fit beside the room that they leave, that is a table of its own */
export function formatRollout(plan: RolloutPlan, columns = Number.POSITIVE_INFINITY): string {
  const { blue, green, releases, machines, steps, needed, assumptions, seconds } = plan;
  const kubernetes =
    releases.blue === releases.green
      ? `Kubernetes ${releases.blue}`
      : `Kubernetes ${releases.blue} -> ${releases.green}`;
  const starts = startsOf(steps);
  const rows = steps.map((step, index) => [
    String(index + 1),
    step.id,
    titleOf(step, plan),
    `+${clock(starts[index] ?? 0)}`,
    duration(step.seconds),
  ]);
  const head = ["", "STEP", "WHAT", "AT", "TAKES"];
  const rooms = steps.map(({ room }) => [amountText(room.blue), amountText(room.green)]);
  const roomHead = [`ROOM IN ${blue}`, `IN ${green}`];
  const whole = table([[...head, ...roomHead], ...rows.map((row, index) => [...row, ...rooms[index]!])]);
  const fits = widthOf(whole) <= columns;
  const lines = (fits ? whole : table([head, ...rows])).split("\n");
  const noReturn = pointOfNoReturn(plan);
  const mark = ` ${returnMark({ blue, pointOfNoReturn: "ahead" })} `;
  const width = Math.min(columns, widthOf(lines.join("\n")));
  const text = lines.toSpliced(noReturn + 1, 0, `───${mark}`.padEnd(width, "─"));
  const room = fits
    ? []
    : ["", table([["STEP", ...roomHead], ...steps.map(({ id }, index) => [id, ...rooms[index]!])])];
  return [
    `${green} takes the place of ${blue}: ${kubernetes}, ${machines.length} machines, about ${duration(seconds)}`,
    `the work needs room for ${amountText(needed)}; ${blue} keeps that until the end of the hold, ${green} has it before the traffic moves`,
    ...assumptions.map((each) => `assumed: ${each}`),
    "",
    ...text,
    ...room,
    "",
    table([
      ["MACHINE", `IN ${blue}`, `IN ${green}`, "GOES IN", "AT"],
      ...machines.map(({ machine, from = "free", to = "free", step }) => [
        machine,
        from,
        to,
        step,
        `+${clock(starts[steps.findIndex(({ id }) => id === step)] ?? 0)}`,
      ]),
    ]),
  ].join("\n");
}

const widthOf = (text: string) => Math.max(...text.split("\n").map((line) => line.length));

/** What was done, with the time that each step took. */
export function formatTimes(journal: Journal): string {
  const rows = journal.plan.steps.map((step) => {
    const record = recordOf(journal, step.id);
    const took = tookSeconds(record);
    return [
      step.id,
      stepWords[record.state],
      took === undefined ? "-" : `${took.toFixed(1)} s`,
      duration(step.seconds),
    ];
  });
  return table([["STEP", "", "TOOK", "ESTIMATE"], ...rows]);
}

/** What a step does, in a few words. */
export function titleOf(step: Step, { blue, green }: Pick<RolloutPlan, "blue" | "green">): string {
  switch (step.kind) {
    case "land":
      return `${green} lands on ${listed(step.machines)}`;
    case "soak":
      return `${green} stays healthy for ${duration(step.soak)}`;
    case "check":
      return `your check ${step.check.name}`;
    case "wave":
      return `${listed(step.machines)} ${step.machines.length === 1 ? "leaves" : "leave"} ${blue} for ${green}`;
    case "migrate":
      return `${blue}'s work is copied to ${green}`;
    case "canary":
      return `${step.canary.share} % of the traffic for ${duration(step.canary.seconds)}, then your check`;
    case "cut-over":
      return `all traffic goes to ${green}`;
    case "hold":
      return `${blue} stands by for ${duration(step.hold)}`;
    case "archive":
      return `${blue}'s etcd and keys are archived`;
    case "retire":
      return `${blue} ends, ${listed(step.machines)} with it`;
    case "settle":
      return step.machines.length === 0
        ? `${green} is proven without ${blue}`
        : `${listed(step.machines)} in ${green}, which is proven without ${blue}`;
  }
}

/** Long lists are cut: the table of machines has them all. */
function listed(machines: readonly string[]): string {
  if (machines.length === 0) return "no machine";
  if (machines.length <= 6) return machines.join(" ");
  return `${machines.slice(0, 4).join(" ")} ... ${machines.at(-1)} (${machines.length})`;
}

function startsOf(steps: readonly Step[]): number[] {
  const starts: number[] = [];
  let time = 0;
  for (const { seconds } of steps) {
    starts.push(time);
    time += seconds;
  }
  return starts;
}

/** `45 s`, `12 min`, `3 h 05 min` */
export function duration(seconds: number): string {
  if (seconds < 100) return `${Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 100) return `${minutes} min`;
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, "0")} min`;
}

/** `0:00:00` */
function clock(seconds: number): string {
  const whole = Math.round(seconds);
  const two = (value: number) => String(value).padStart(2, "0");
  return `${Math.floor(whole / 3600)}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
}

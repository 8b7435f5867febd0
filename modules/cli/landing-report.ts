// How a landing went, from the stages that machines announced: pure, so that it can be tested.

/** When a machine reached a stage. Structurally, what the lab records. */
export interface StageEvent {
  /** ISO 8601. */
  readonly time: string;
  readonly machine: string;
  readonly stage: string;
}

/** Stages in their order. Those before `system` are announced when they begin, those after it when they are reached. */
const beginning = ["power", "firmware", "boot", "install", "ignition", "system"];
const reached = ["kubelet", "etcd", "api", "ready"];

export interface MachineLanding {
  readonly machine: string;
  /** Seconds spent in each stage, in order. What `system` takes belongs to the stage that it leads to. */
  readonly stages: Readonly<Record<string, number>>;
  /** Seconds from the first machine's power until it was Ready; undefined if it never was. */
  readonly ready: number | undefined;
}

export interface LandingReport {
  readonly machines: readonly MachineLanding[];
  /** The machine that was Ready last, and its longest stage. */
  readonly critical:
    | { readonly machine: string; readonly stage: string; readonly seconds: number }
    | undefined;
}

/** The last landing of each of the machines: from its last start into the network until Ready. */
export function landingReport(events: readonly StageEvent[], machines: readonly string[]): LandingReport {
  const runs = machines.map((machine) => ({
    machine,
    run: lastRun(events.filter((event) => event.machine === machine)),
  }));
  const starts = runs.flatMap(({ run }) => run.slice(0, 1).map(millis));
  const first = Math.min(...starts);
  const landings = runs.map(({ machine, run }) => {
    const ready = run.find(({ stage }) => stage === "ready");
    return { machine, stages: durations(run), ready: ready && (millis(ready) - first) / 1000 };
  });
  return { machines: landings, critical: criticalOf(landings) };
}

/** From the last power-on that led into firmware's network boot, without what came after Ready. */
function lastRun(events: readonly StageEvent[]): readonly StageEvent[] {
  const installed = events.findLastIndex(({ stage }) => stage === "install");
  const power = events.slice(0, installed + 1).findLastIndex(({ stage }) => stage === "power");
  if (power === -1) return [];
  const run = events.slice(power);
  const end = run.findIndex(({ stage }, index) => index > 0 && (stage === "power" || stage === "off"));
  return end === -1 ? run : run.slice(0, end);
}

function durations(run: readonly StageEvent[]): Record<string, number> {
  const seconds = (from: StageEvent, to: StageEvent) => (millis(to) - millis(from)) / 1000;
  const result: Record<string, number> = {};
  for (const [index, event] of run.entries()) {
    const next = run[index + 1];
    const before = run[index - 1];
    if (beginning.includes(event.stage) && event.stage !== "system" && next)
      result[event.stage] = seconds(event, next);
    if (reached.includes(event.stage) && before) result[event.stage] = seconds(before, event);
  }
  return result;
}

function criticalOf(landings: readonly MachineLanding[]): LandingReport["critical"] {
  const landed = landings.filter(({ ready }) => ready !== undefined);
  const last = landed.toSorted((a, b) => (b.ready ?? 0) - (a.ready ?? 0))[0];
  const longest = Object.entries(last?.stages ?? {}).toSorted(([, a], [, b]) => b - a)[0];
  return last && longest && { machine: last.machine, stage: longest[0], seconds: longest[1] };
}

function millis({ time }: StageEvent): number {
  return Date.parse(time);
}

/** Rows of a table: a machine each, a column for each stage that any of them went through. */
export function reportRows({ machines }: LandingReport): string[][] {
  const columns = [...beginning, ...reached].filter((stage) =>
    machines.some(({ stages }) => stage in stages),
  );
  const cell = (value: number | undefined) => (value === undefined ? "-" : value.toFixed(1));
  return [
    ["MACHINE", ...columns.map((stage) => stage.toUpperCase()), "READY AFTER"],
    ...machines.map(({ machine, stages, ready }) => [
      machine,
      ...columns.map((stage) => cell(stages[stage])),
      cell(ready),
    ]),
  ];
}

// The screen of `landfall status --watch`. Pure: what is known, the time, the size of the terminal.
import { duration, fleetOf, type MachineView } from "../../boot/index.ts";
import { fit, harmless, width, wrap } from "./text.ts";
import type { Watched } from "./watched.ts";

type Signal = MachineView["signal"];

export interface Screen {
  readonly columns: number;
  readonly rows: number;
  readonly colour: boolean;
}

const signs: Readonly<Record<Signal, string>> = { good: "✔", busy: "…", look: "?", act: "!", idle: "-" };
const colours: Readonly<Record<Signal, string>> = {
  good: "32",
  busy: "36",
  look: "33",
  act: "1;31",
  idle: "2",
};
const severity: readonly Signal[] = ["act", "look", "busy", "idle", "good"];
/** Text that is not of the first rank. */
const quiet = "2";

/** Lines, none wider than the screen, no more than fit on it. */
export function frame(watched: Watched, now: Date, { columns, rows, colour }: Screen): string[] {
  const paint = (code: string, text: string) =>
    colour && text !== "" ? `\u001b[${code}m${text}\u001b[0m` : text;
  const fleet = fleetOf(watched.machines, [
    { cluster: watched.cluster, conditions: [...watched.conditions] },
  ]);
  const clock = `${now.toISOString().slice(11, 19)}  Ctrl-C ends`;
  const headRoom = columns - clock.length - 1;
  const top = [
    headRoom < 8
      ? paint("1", fit(watched.cluster, columns))
      : `${paint("1", fit(watched.cluster, headRoom))} ${paint(quiet, clock)}`,
    ...(watched.machines.length === 0
      ? ["Waiting for the first news."]
      : wrap(`${signs[fleet.signal]} ${fleet.next}`, columns, 3).map((line) =>
          paint(colours[fleet.signal], line),
        )),
    ...watched.troubles.flatMap((what) => wrap(what, columns, 2).map((line) => paint(colours.look, line))),
    "",
  ];
  const conditions = conditionLines(watched, now, columns, paint);
  const room = rows - top.length - conditions.length - 1;
  return [...top, ...machineLines(watched.machines, now, columns, room, paint), "", ...conditions].slice(
    0,
    rows,
  );
}

type Paint = (code: string, text: string) => string;

function machineLines(
  machines: readonly MachineView[],
  now: Date,
  columns: number,
  room: number,
  paint: Paint,
): string[] {
  if (machines.length === 0) return [];
  // Where not all fit, those that matter do.
  const fits = machines.length + 1 <= room;
  const shown = fits
    ? machines
    : machines
        .toSorted((a, b) => severity.indexOf(a.signal) - severity.indexOf(b.signal))
        .slice(0, Math.max(3, room - 2));
  const cells = shown.map((machine) => ({
    machine,
    name: harmless(machine.name),
    place: harmless([machine.rack, machine.position].filter(Boolean).join(" ")),
    state:
      harmless(machine.state) + (machine.percent === undefined ? "" : ` ${Math.floor(machine.percent)}%`),
    time: machine.since === undefined ? "" : duration((now.getTime() - Date.parse(machine.since)) / 1000),
    waits: machine.waitsFor ?? "",
  }));
  const widest = (title: string, pick: (cell: (typeof cells)[number]) => string, part: number) =>
    Math.min(Math.floor(columns * part), Math.max(title.length, ...cells.map((cell) => width(pick(cell)))));
  const widths = {
    name: widest("MACHINE", ({ name }) => name, 0.25),
    place:
      columns >= 60 && cells.some(({ place }) => place !== "")
        ? widest("PLACE", ({ place }) => place, 0.15)
        : 0,
    state: widest("STATE", ({ state }) => state, 0.3),
    time: columns >= 40 ? widest("FOR", ({ time }) => time, 0.14) : 0,
  };
  const row = (name: string, place: string, state: string, time: string, waits: string) => {
    const parts = [
      fit(name, widths.name),
      ...(widths.place === 0 ? [] : [fit(place, widths.place)]),
      fit(state, widths.state),
      ...(widths.time === 0 ? [] : [fit(time, widths.time)]),
    ].join("  ");
    // Beside the sign and its space.
    const rest = columns - 2 - width(parts);
    return (rest > 4 ? `${parts}  ${fit(waits, rest - 2)}` : parts).trimEnd();
  };
  const lines = cells.map(({ machine: { signal }, name, place, state, time, waits }) => {
    const text = row(name, place, state, time, waits);
    return `${paint(colours[signal], signs[signal])} ${signal === "good" || signal === "busy" ? text : paint(colours[signal], text)}`;
  });
  const hidden = machines.length - shown.length;
  return [
    paint(quiet, `  ${row("MACHINE", "PLACE", "STATE", "FOR", "WAITS FOR")}`),
    ...lines,
    ...(hidden > 0 ? [paint(quiet, fit(`  and ${hidden} more`, columns).trimEnd())] : []),
  ];
}

function conditionLines(
  { conditions, checked }: Watched,
  now: Date,
  columns: number,
  paint: Paint,
): string[] {
  if (checked === undefined)
    return [paint(quiet, fit("Its conditions are being checked.", columns).trimEnd())];
  const age = duration((now.getTime() - checked.getTime()) / 1000);
  const held = conditions.filter(({ ok }) => ok).length;
  const name = Math.min(
    Math.floor(columns / 3),
    Math.max(0, ...conditions.map((condition) => width(condition.name))),
  );
  return [
    paint(
      quiet,
      fit(`${held} of ${conditions.length} conditions hold, checked ${age} ago`, columns).trimEnd(),
    ),
    ...conditions.map((condition) => {
      const signal = condition.ok ? "good" : "act";
      const text = `${fit(condition.name, name)}  ${fit(condition.evidence, Math.max(0, columns - name - 4))}`;
      return `${paint(colours[signal], condition.ok ? "✔" : "✖")} ${text.trimEnd()}`;
    }),
  ];
}

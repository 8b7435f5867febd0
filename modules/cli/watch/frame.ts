// The screen of `landfall status --watch`. Pure: what is known, the time, the size of the terminal.
import { duration, fleetOf, type Signal } from "../../boot/index.ts";
import { replacementLines } from "./replacement.ts";
import { colours, quiet, type Space, signs } from "./signs.ts";
import { fit, harmless, width, wrap } from "./text.ts";
import type { Watched } from "./watched.ts";

export interface Screen {
  readonly columns: number;
  readonly rows: number;
  readonly colour: boolean;
}

const severity: readonly Signal[] = ["act", "look", "busy", "idle", "good"];

/** Lines, none wider than the screen, no more than fit on it. */
export function frame(watched: Watched, now: Date, { columns, rows, colour }: Screen): string[] {
  const paint = (code: string, text: string) =>
    colour && text !== "" ? `\u001b[${code}m${text}\u001b[0m` : text;
  const fleet = fleetOf(
    watched.machines,
    [{ cluster: watched.cluster, conditions: [...watched.conditions] }],
    watched.replacements,
  );
  const clock = `${now.toISOString().slice(11, 19)}  Ctrl-C ends`;
  const headRoom = columns - clock.length - 1;
  const nothing = watched.machines.length === 0 && watched.replacements.length === 0;
  const next = watched.gone ? goneText(watched) : fleet.next;
  const top = [
    headRoom < 8
      ? paint("1", fit(watched.cluster, columns))
      : `${paint("1", fit(watched.cluster, headRoom))} ${paint(quiet, clock)}`,
    ...(nothing
      ? ["Waiting for the first news."]
      : wrap(`${signs[fleet.signal]} ${next}`, columns, 3).map((line) => paint(colours[fleet.signal], line))),
    ...watched.troubles.flatMap((what) => wrap(what, columns, 2).map((line) => paint(colours.look, line))),
    "",
  ];
  const space = (room: number): Space => ({ columns, room, paint });
  const underWay = watched.replacements.some(({ ended }) => ended === undefined);
  const parts: Part[] = [
    ...watched.replacements.map((each) => ({
      turn: each.ended === undefined ? 2 : 4,
      lines: (room: number) => replacementLines(each, now, space(room)),
    })),
    { turn: 1, lines: (room) => machineLines(watched, now, space(room)) },
    { turn: underWay ? 3 : 0, lines: (room) => conditionLines(watched, now, space(room)) },
  ];
  return [...top, ...arranged(parts, rows - top.length)].slice(0, rows);
}

function goneText({ cluster, replacements }: Watched): string {
  const by = replacements.find(({ blue, state }) => blue === cluster && state === "replaced");
  return by === undefined
    ? `${cluster} is retired.`
    : `${cluster} is retired: ${by.green} has taken its place, npx landfall status ${by.green} --watch`;
}

/** Something on the screen, which is shorter where there is less room. */
interface Part {
  /** Who gets what room there is, the first first. */
  readonly turn: number;
  readonly lines: (room: number) => string[];
}

/** Each as short as it can be, then one after the other as long as there is room for; a line between them. */
function arranged(parts: readonly Part[], rows: number): string[] {
  const shown = new Map(parts.map((part) => [part, part.lines(0)]));
  for (const part of parts.toSorted((a, b) => a.turn - b.turn)) {
    const others = parts.filter((each) => each !== part).map((each) => shown.get(each)?.length ?? 0);
    const taken = others.reduce((sum, lines) => sum + lines, 0) + parts.length - 1;
    shown.set(part, part.lines(Math.max(0, rows - taken)));
  }
  return [...shown.values()]
    .filter((lines) => lines.length > 0)
    .flatMap((lines, index) => (index === 0 ? lines : ["", ...lines]));
}

function machineLines({ machines, cluster }: Watched, now: Date, { columns, room, paint }: Space): string[] {
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
      harmless(machine.state) +
      (machine.percent === undefined ? "" : ` ${Math.floor(machine.percent)}%`) +
      // While it is replaced, some of its machines are of the other version.
      (machine.cluster === undefined || machine.cluster === cluster ? "" : `, ${harmless(machine.cluster)}`),
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
  { conditions, checked, gone }: Watched,
  now: Date,
  { columns, room, paint }: Space,
): string[] {
  if (gone) return [];
  if (checked === undefined)
    return [paint(quiet, fit("Its conditions are being checked.", columns).trimEnd())];
  const age = duration((now.getTime() - checked.getTime()) / 1000);
  const held = conditions.filter(({ ok }) => ok).length;
  // Where not all fit, those that do not hold.
  const shown = conditions.length + 1 <= room ? conditions : conditions.filter(({ ok }) => !ok);
  const name = Math.min(
    Math.floor(columns / 3),
    Math.max(0, ...shown.map((condition) => width(condition.name))),
  );
  return [
    paint(
      quiet,
      fit(`${held} of ${conditions.length} conditions hold, checked ${age} ago`, columns).trimEnd(),
    ),
    ...shown.map((condition) => {
      const signal = condition.ok ? "good" : "act";
      const text = `${fit(condition.name, name)}  ${fit(condition.evidence, Math.max(0, columns - name - 4))}`;
      return `${paint(colours[signal], condition.ok ? "✔" : "✖")} ${text.trimEnd()}`;
    }),
  ];
}

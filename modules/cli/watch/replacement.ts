// A replacement on the screen of `landfall status --watch`: how it stands, and its steps, or those that matter. Pure.
import { type ReplacementView, returnMark, stepSignals } from "../../boot/index.ts";
import { headline, stateText, tookText } from "../replacement-status.ts";
import { colours, type Paint, quiet, type Space, signs } from "./signs.ts";
import { fit, width, wrap } from "./text.ts";

type Step = ReplacementView["steps"][number];

/** @param room lines; where the steps do not fit, those around the current one are shown, and how many are not. */
export function replacementLines(
  view: ReplacementView,
  now: Date,
  { columns, room, paint }: Space,
): string[] {
  const head = wrap(headline(view), columns, 2).map((line) => paint(colours[view.signal], line));
  const all = stepLines(view, view.steps, now, columns, paint);
  if (head.length + all.length <= room) return [...head, ...all];
  if (view.ended !== undefined) return head;
  const at = Math.max(
    0,
    view.steps.findIndex((step) => step.current),
  );
  // It, the next (going back, the one before it), and as many around them as there is room for.
  const many = Math.min(view.steps.length, Math.max(2, room - head.length - 3));
  const before = Math.floor((many - 2) / 2) + (view.direction === "back" ? 1 : 0);
  const from = Math.max(0, Math.min(at - before, view.steps.length - many));
  const near = view.steps.slice(from, from + many);
  const after = view.steps.length - from - near.length;
  const rest = (many: number, where: string) =>
    many > 0
      ? [paint(quiet, fit(`  ${many} ${many === 1 ? "step" : "steps"} ${where}`, columns).trimEnd())]
      : [];
  const mark = near.some((step) => isFirstWithoutReturn(view, step)) ? [] : [markLine(view, columns, paint)];
  return [
    ...head,
    ...rest(from, "before"),
    ...stepLines(view, near, now, columns, paint),
    ...mark,
    ...rest(after, "after"),
  ];
}

function isFirstWithoutReturn({ steps }: ReplacementView, step: Step): boolean {
  return step === steps.find(({ reversible }) => !reversible);
}

function markLine(view: ReplacementView, columns: number, paint: Paint): string {
  return paint(quiet, fit(`─ ${returnMark(view)}`, columns).trimEnd());
}

function stepLines(
  view: ReplacementView,
  steps: readonly Step[],
  now: Date,
  columns: number,
  paint: Paint,
): string[] {
  const brief = columns < 100;
  const cells = steps.map((step) => ({
    step,
    state: stateText(step, brief),
    took: tookText(step, now, brief),
  }));
  const widest = (texts: readonly string[], most: number) =>
    Math.min(most, Math.max(0, ...texts.map((text) => width(text))));
  const state = widest(
    cells.map((cell) => cell.state),
    Math.floor(columns * 0.35),
  );
  const took =
    columns < 60
      ? 0
      : widest(
          cells.map((cell) => cell.took),
          Math.floor(columns * 0.25),
        );
  const title = widest(
    cells.map((cell) => cell.step.title),
    Math.max(0, columns - 2 - 2 - state - (took === 0 ? 0 : took + 2)),
  );
  return cells.flatMap((cell) => {
    const signal = stepSignals[cell.step.state];
    const parts = [
      fit(cell.step.title, title),
      fit(cell.state, state),
      ...(took === 0 ? [] : [fit(cell.took, took)]),
    ];
    const text = fit(parts.join("  "), Math.max(0, columns - 2)).trimEnd();
    const loud = signal === "act" ? paint(colours.act, text) : cell.step.current ? paint("1", text) : text;
    return [
      ...(isFirstWithoutReturn(view, cell.step) ? [markLine(view, columns, paint)] : []),
      `${paint(colours[signal], signs[signal])} ${loud}`,
    ];
  });
}

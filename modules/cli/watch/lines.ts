// `landfall status --watch` where nobody sees a screen: a line a change. Pure.
import { stepWords } from "../../boot/index.ts";
import { harmless } from "./text.ts";
import type { Change } from "./watched.ts";

export function changeLine(change: Change, seconds: number): string {
  const line = (who: string, text: string) =>
    harmless(`${seconds.toFixed(1).padStart(6)} s  ${who.padEnd(10)} ${text}`);
  switch (change.type) {
    case "machine": {
      const { name, state, percent, waitsFor, signal, next } = change.machine;
      const done = percent === undefined ? "" : ` ${Math.floor(percent)}%`;
      if (signal === "act" || signal === "look") return line(name, `${state}${done}. ${next}`);
      return line(name, `${state}${done}${waitsFor === undefined ? "" : `, waits for ${waitsFor}`}`);
    }
    case "condition": {
      const { name, ok, evidence } = change.condition;
      return line(name, `${ok ? "holds" : "does not hold"}: ${evidence}`);
    }
    case "step":
      return line(change.green, `${change.step.title}: ${stepWords[change.step.state]}`);
    case "replacement": {
      const { blue, green, state, share, signal, next } = change.replacement;
      const how = `${blue} to ${green}: ${state}; traffic: ${blue} ${100 - share}%, ${green} ${share}%`;
      return line(green, signal === "act" || signal === "look" ? `${how}. ${next}` : how);
    }
    case "trouble":
      return line("watch", change.what);
  }
}

export function changeJson(change: Change, at: Date): string {
  // JSON leaves the control characters above 7e as they are, and terminals obey some of them.
  return JSON.stringify({ at: at.toISOString(), ...change }).replaceAll(
    /[\u007f-\u009f]/g,
    (control) => `\\u${control.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

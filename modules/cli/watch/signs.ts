// What stands before a line, and its colour: the same for machines and for steps.
import type { Signal } from "../../boot/index.ts";

export const signs: Readonly<Record<Signal, string>> = {
  good: "✔",
  busy: "…",
  look: "?",
  act: "!",
  idle: "-",
};
export const colours: Readonly<Record<Signal, string>> = {
  good: "32",
  busy: "36",
  look: "33",
  act: "1;31",
  idle: "2",
};
/** Text that is not of the first rank. */
export const quiet = "2";

export type Paint = (code: string, text: string) => string;

/** What a part of the screen gets. */
export interface Space {
  readonly columns: number;
  /** Lines. */
  readonly room: number;
  readonly paint: Paint;
}

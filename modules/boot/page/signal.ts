// Colours are never the only carrier: each has a sign to see, and a word to hear.
import type { Signal } from "../fleet/index.ts";
import { type Markup, markup } from "./markup.ts";

const signs: Readonly<Record<Signal, string>> = { good: "✓", busy: "…", look: "?", act: "!", idle: "–" };
const words: Readonly<Record<Signal, string>> = {
  good: "",
  busy: "",
  look: "worth a look: ",
  act: "needs you: ",
  idle: "",
};

/** After a number of machines. */
export function label(signal: Signal, number: number): string {
  return signal === "act" && number === 1 ? "needs you" : labels[signal];
}

const labels: Readonly<Record<Signal, string>> = {
  act: "need you",
  look: "worth a look",
  busy: "on their way",
  good: "in service",
  idle: "free",
};

export function sign(signal: Signal): Markup {
  return markup`<span class="sign" data-signal="${signal}" aria-hidden="true">${signs[signal]}</span>`;
}

export function word(signal: Signal): Markup | string {
  return words[signal] === "" ? "" : markup`<span class="unseen">${words[signal]}</span>`;
}

// The card of a replacement: both clusters, whose traffic is whose, until when there is a way back, and each step.
import { createHash } from "node:crypto";
import { type ClusterView, duration, type ReplacementView, type Signal } from "../fleet/index.ts";
import { elapsed } from "./machine.ts";
import { type Markup, markup } from "./markup.ts";
import { sign, word } from "./signal.ts";

type Step = ReplacementView["steps"][number];

export function replacementId({ blue, green }: ReplacementView): string {
  return `x-${createHash("sha256")
    .update(JSON.stringify([blue, green]))
    .digest("hex")
    .slice(0, 12)}`;
}

export function replacementCard(
  replacement: ReplacementView,
  clusters: readonly ClusterView[],
  now: Date,
): Markup {
  const { blue, green, signal, state, next, share, returnText, started, ended, steps } = replacement;
  const id = replacementId(replacement);
  const done = steps.filter((step) => step.state === "done").length;
  return markup`<article id="${id}" class="cluster replacement" data-signal="${signal}" aria-labelledby="${id}-name"><h3 id="${id}-name">${sign(signal)}${word(signal)}<span>${blue} to ${green}: ${state}</span></h3><p class="sentence">${next}</p><dl><div><dt>${blue}</dt><dd>${about(blue, clusters)}</dd></div><div><dt>${green}</dt><dd>${about(green, clusters)}</dd></div><div><dt>Traffic</dt><dd>${traffic(replacement)}</dd></div><div><dt>Point of no return</dt><dd>${returnText}</dd></div><div><dt>Begun</dt><dd>${clock(started)}, ${ended === undefined ? markup`${elapsed(started, now)} ago` : markup`ended ${clock(ended)}, after ${between(started, ended)}`}</dd></div></dl><h4>Steps: ${done} of ${steps.length} done</h4><ol class="steps">${steps.map((step) => stepLine(step, now))}</ol></article>`;

  function traffic({ name }: ReplacementView): Markup {
    return markup`<span class="share"><span>${blue} ${100 - share}%</span><progress max="100" value="${share}" aria-label="Share of ${name}'s traffic that goes to ${green}">${share}%</progress><span>${green} ${share}%</span></span>`;
  }
}

function about(cluster: string, clusters: readonly ClusterView[]): Markup | string {
  const found = clusters.find((each) => each.cluster === cluster);
  return found === undefined
    ? "no machine"
    : markup`${sign(found.signal)} ${word(found.signal)}${found.summary}`;
}

const signalOf: Readonly<Record<Step["state"], Signal>> = {
  pending: "idle",
  running: "busy",
  done: "good",
  failed: "act",
  undone: "idle",
};
const wordOf: Readonly<Record<Step["state"], string>> = {
  pending: "to come",
  running: "under way",
  done: "done",
  failed: "failed",
  undone: "taken back",
};

function stepLine(step: Step, now: Date): Markup {
  const { title, state, begun, error } = step;
  return markup`<li data-signal="${signalOf[state]}"${state === "running" ? markup` aria-current="step"` : ""}>${sign(signalOf[state])}<span class="title">${title}</span> <span class="quiet">${wordOf[state]}${begun === undefined ? "" : markup` since ${clock(begun)}`}, ${took(step, now)}</span>${error === undefined ? "" : markup`<br><span class="error">${error}</span>`}</li>`;
}

function took({ state, begun, ended, seconds }: Step, now: Date): Markup | string {
  if (begun === undefined) return `about ${duration(seconds)}`;
  if (ended !== undefined && (state === "done" || state === "undone")) return between(begun, ended);
  return elapsed(begun, now);
}

function between(from: string, to: string): string {
  return duration((Date.parse(to) - Date.parse(from)) / 1000);
}

/** The same for everybody who looks, wherever they are. */
function clock(at: string): Markup {
  return markup`<time datetime="${at}">${at.slice(11, 19)} UTC</time>`;
}

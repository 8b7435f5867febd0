// The card of a replacement: both clusters, whose traffic is whose, until when there is a way back, and each step.
import { createHash } from "node:crypto";
import {
  type ClusterView,
  duration,
  type ReplacementView,
  returnMark,
  type Signal,
  stepSignals,
  stepWords,
} from "../fleet/index.ts";
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

/** @param said what the page's head says already, which is not said twice */
export function replacementCard(
  replacement: ReplacementView,
  clusters: readonly ClusterView[],
  now: Date,
  said?: string,
): Markup {
  const { blue, green, signal, state, next, returnText, started, ended, steps } = replacement;
  const id = replacementId(replacement);
  const done = steps.filter((step) => step.state === "done").length;
  const count = `Steps: ${done} of ${steps.length} done`;
  // Once it is over, they are there for those who ask.
  const list = markup`<ol class="steps">${stepLines(replacement, now)}</ol>`;
  return markup`<article id="${id}" class="cluster replacement" data-signal="${signal}" aria-labelledby="${id}-name"><h3 id="${id}-name">${sign(signal)}${word(signal)}<span>${blue} to ${green}: ${state}</span></h3>${next === said ? "" : markup`<p class="sentence">${next}</p>`}${traffic(replacement)}<dl><div><dt>${blue}</dt><dd>${aboutCluster(blue, clusters)}</dd></div><div><dt>${green}</dt><dd>${aboutCluster(green, clusters)}</dd></div><div><dt>Point of no return</dt><dd>${returnText}</dd></div><div><dt>Begun</dt><dd>${clock(started)}, ${ended === undefined ? markup`${elapsed(started, now)} ago` : markup`ended ${clock(ended)}, after ${between(started, ended)}`}</dd></div></dl>${ended === undefined ? markup`<h4>${count}</h4>${list}` : markup`<details><summary>${count}</summary>${list}</details>`}</article>`;
}

/** Blue at one end, green at the other, and between them what is whose. */
function traffic({ name, blue, green, share }: ReplacementView): Markup {
  return markup`<div class="traffic"><p><span class="quiet">Traffic:</span> <b>${blue} ${100 - share}%</b></p><p><b>${green} ${share}%</b></p><progress max="100" value="${share}" aria-label="Share of ${name}'s traffic that goes to ${green}">${share}%</progress></div>`;
}

const about: Readonly<Record<Signal, string>> = {
  good: "in service, all conditions hold",
  busy: "on its way",
  look: "worth a look: see below",
  act: "needs you: see below",
  idle: "no machine",
};

function aboutCluster(cluster: string, clusters: readonly ClusterView[]): Markup {
  const { signal = "idle" as const } = clusters.find((each) => each.cluster === cluster) ?? {};
  return markup`${sign(signal)} ${about[signal]}`;
}

function stepLines(replacement: ReplacementView, now: Date): Markup[] {
  const { steps } = replacement;
  const noReturn = steps.findIndex(({ reversible }) => !reversible);
  return steps.flatMap((step, index) => [
    ...(index === noReturn
      ? [
          markup`<li class="return" data-passed="${replacement.pointOfNoReturn === "passed"}">${returnMark(replacement)}</li>`,
        ]
      : []),
    stepLine(step, now),
  ]);
}

function stepLine(step: Step, now: Date): Markup {
  const { title, state, error, current } = step;
  const signal = stepSignals[state];
  return markup`<li data-signal="${signal}"${current ? markup` aria-current="step"` : ""}>${sign(signal)}<span class="title">${title}</span><span class="how"> ${how(step, now)}</span>${error === undefined || state === "undoing" ? "" : markup`<p class="error">${error}</p>`}</li>`;
}

/** What became of it, and how long it took, has taken so far, or will take. */
function how({ state, begun, ended, seconds }: Step, now: Date): Markup | string {
  const word = stepWords[state];
  const estimate = `about ${duration(seconds)}`;
  if (state === "pending") return `${word}, ${estimate}`;
  if (begun === undefined) return word;
  if (state === "running")
    return markup`${word} since ${clock(begun)}, ${elapsed(begun, now)} of ${estimate}`;
  if (state === "failed" || state === "stopped") return markup`${word}, begun ${clock(begun)}`;
  return state === "done" && ended !== undefined ? `${word}, ${between(begun, ended)}` : word;
}

function between(from: string, to: string): string {
  return duration((Date.parse(to) - Date.parse(from)) / 1000);
}

/** The same for everybody who looks, wherever they are. */
function clock(at: string): Markup {
  return markup`<time datetime="${at}">${at.slice(11, 19)} UTC</time>`;
}

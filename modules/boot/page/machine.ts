// One machine: its line in the rack, and what is below the line when it is opened.
import { createHash } from "node:crypto";
import { duration, type MachineView } from "../fleet/index.ts";
import { type Markup, markup } from "./markup.ts";
import { sign, word } from "./signal.ts";

export const machineId = ({ mac }: Pick<MachineView, "mac">) => `m-${mac.replaceAll(":", "")}`;
const machinePath = ({ mac }: MachineView) => `machines/${mac.replaceAll(":", "")}`;

/** A line of its rack. `data-version` changes with anything that is known of the machine. */
export function machineLine(machine: MachineView, now: Date): Markup {
  const { name, position, signal, state, since, percent, waitsFor, next, cluster } = machine;
  const asks = signal === "act" || signal === "look";
  return markup`<li id="${machineId(machine)}" class="machine" data-signal="${signal}" data-version="${version(machine)}" data-find="${findable(machine)}"><details><summary>${sign(signal)}<span class="position">${position ?? ""}</span><span class="name">${name}</span><span class="state">${word(signal)}${state}</span>${bar(name, percent)}${cluster === undefined ? "" : markup`<span class="of"><span class="unseen">of </span>${cluster}</span>`}${since === undefined ? "" : elapsed(since, now)}</summary><div class="more" data-from="${machinePath(machine)}/more"><p><a href="${machinePath(machine)}">All about ${name}</a></p></div></details>${asks ? markup`<p class="next">${next}</p>` : waitsFor === undefined ? "" : markup`<p class="waits">waits for ${waitsFor}</p>`}</li>`;
}

/** What is below the line. */
export function machineMore(machine: MachineView, now: Date): Markup {
  const { name, next, order, stages, console, heard, cluster, role, pool, address, mac } = machine;
  const facts: readonly (readonly [string, string | Markup | undefined])[] = [
    ["Cluster", cluster],
    ["Role", role && (pool === undefined ? role : `${role}, pool ${pool}`)],
    ["Address", address],
    ["MAC", mac],
    ["Order", order && orderText(order)],
    ["Reason", order?.reason],
    ["Last heard of", heard === undefined ? "never" : markup`${elapsed(heard, now)} ago`],
  ];
  return markup`<p class="next">${next}</p>
<dl>${facts.map(([term, value]) => (value === undefined ? "" : markup`<div><dt>${term}</dt><dd>${value}</dd></div>`))}</dl>
${stages.length === 0 ? "" : markup`<ol class="stages" aria-label="Stages of ${name}">${stages.map(({ stage, at }, index) => markup`<li><span>${stage}</span> ${took(at, stages[index + 1]?.at, now)}</li>`)}</ol>`}
${console.length === 0 ? markup`<p class="quiet">Nothing was heard of its console.</p>` : markup`<pre tabindex="0" role="region" aria-label="Last lines on the console of ${name}">${console.join("\n")}</pre>`}`;
}

/** How long a stage took, or has taken so far. */
function took(at: string, next: string | undefined, now: Date): Markup {
  return next === undefined
    ? elapsed(at, now)
    : markup`<span>${duration((Date.parse(next) - Date.parse(at)) / 1000)}</span>`;
}

function orderText({ kind, state, cluster, boots }: NonNullable<MachineView["order"]>): string {
  const asked = boots === 0 ? "" : `, asked for ${boots === 1 ? "once" : `${boots} times`}`;
  return `${kind} for ${cluster}: ${state}${asked}`;
}

/** Counted on by page.js. */
export function elapsed(since: string, now: Date): Markup {
  return markup`<time datetime="${since}" data-since>${duration((now.getTime() - Date.parse(since)) / 1000)}</time>`;
}

function bar(name: string, percent: number | undefined): Markup | string {
  if (percent === undefined) return "";
  const whole = Math.floor(percent);
  return markup`<progress max="100" value="${whole}" aria-label="${name}">${whole}%</progress><span class="percent">${whole}%</span>`;
}

/** What the page's search looks through. */
function findable({ name, mac, address, cluster, state, pool, position }: MachineView): string {
  return [name, mac, address, cluster, state, pool, position].filter(Boolean).join(" ").toLowerCase();
}

function version(machine: MachineView): string {
  return createHash("sha256").update(JSON.stringify(machine)).digest("base64url").slice(0, 8);
}

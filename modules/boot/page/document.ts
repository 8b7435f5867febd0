// The whole page, and the fragments of it that are replaced one by one while it is open.
import { createHash } from "node:crypto";
import { type ClusterView, count, type FleetView, type MachineView, type RackView } from "../fleet/index.ts";
import { elapsed, machineId, machineMore } from "./machine.ts";
import { type Markup, markup } from "./markup.ts";
import { replacementCard, replacementId } from "./replacement.ts";
import { label, sign, word } from "./signal.ts";

export interface Fragment {
  /** The `id` of its element. */
  readonly id: string;
  readonly html: string;
}

export interface PageState {
  readonly title: string;
  readonly view: FleetView;
  readonly now: Date;
  /** Why what is shown may be old. */
  readonly trouble: { readonly since: string; readonly what: string } | undefined;
}

/** A machine's line; the same for as long as the machine is. */
export type Line = (machine: MachineView) => Markup;

/** Ids of names that may hold anything. */
const idOf = (prefix: string, ...names: readonly string[]) =>
  `${prefix}-${createHash("sha256").update(JSON.stringify(names)).digest("hex").slice(0, 12)}`;
const rackId = ({ site, rack }: RackView) => idOf("r", site, ...(rack === undefined ? [] : [rack]));

/** With how many machines need a look, for those who have the page in the background. */
function titleOf({ title, view }: PageState): string {
  const urgent = view.counts.act + view.counts.look;
  return urgent > 0 ? `(${urgent}) ${title}` : title;
}

export function summary(state: PageState): Markup {
  const { title, view, now, trouble } = state;
  const counts = (["act", "look", "busy", "good", "idle"] as const).filter(
    (signal) => view.counts[signal] > 0,
  );
  return markup`<header id="summary" data-signal="${view.signal}" data-title="${titleOf(state)}" data-say="${view.announcement}"><div class="top"><h1>${title}</h1><p class="live" id="live" hidden></p></div>${trouble === undefined ? "" : markup`<p class="trouble">This page is old: ${trouble.what}, since ${elapsed(trouble.since, now)}. Machines are not affected by the page.</p>`}<p class="sentence">${sign(view.signal)}<span>${view.next}</span></p>${counts.length === 0 ? "" : markup`<ul class="counts" aria-label="Machines">${counts.map((signal) => markup`<li data-signal="${signal}">${sign(signal)}<b>${view.counts[signal]}</b> ${label(signal, view.counts[signal])}</li>`)}</ul>`}</header>`;
}

export function clusterCard(cluster: ClusterView, now: Date): Markup {
  const { cluster: name, signal, summary, conditions, checked } = cluster;
  const id = idOf("c", name);
  const failing = conditions.filter(({ ok }) => !ok).length;
  const held = `${conditions.length - failing} of ${count(conditions.length, "condition")} hold`;
  return markup`<article id="${id}" class="cluster" data-signal="${signal}" aria-labelledby="${id}-name"><h3 id="${id}-name">${sign(signal)}${word(signal)}${name}</h3><p>${summary}</p>${conditions.length === 0 ? "" : markup`<details><summary>${held}${checked === undefined ? "" : markup`, checked ${elapsed(checked, now)} ago`}</summary><ul class="conditions">${conditions.map(condition)}</ul></details>`}</article>`;
}

function condition({ name, ok, describe, evidence }: ClusterView["conditions"][number]): Markup {
  return markup`<li>${sign(ok ? "good" : "act")}<b>${name}</b> <span class="unseen">${ok ? "holds:" : "does not hold:"}</span> ${evidence}${ok ? "" : markup`<br><span class="quiet">expected: ${describe}</span>`}</li>`;
}

function rackHead(rack: RackView): Markup {
  const { machines } = rack;
  const tally = (["act", "look", "busy", "good", "idle"] as const)
    .map((signal) => [signal, machines.filter((machine) => machine.signal === signal).length] as const)
    .filter(([, number]) => number > 0)
    .map(([signal, number]) => `${number} ${label(signal, number)}`);
  return markup`<div id="${rackId(rack)}" class="rack-head" data-signal="${rack.signal}"><h3>${rack.rack === undefined ? "Without a rack" : `Rack ${rack.rack}`}</h3><p>${tally.join(", ")}</p></div>`;
}

/** Each part of the page that changes by itself, in the page's order. */
export function fragments(state: PageState, line: Line): Fragment[] {
  const { view, now } = state;
  return [
    { id: "summary", html: summary(state).toString() },
    ...view.replacements.map((replacement) => ({
      id: replacementId(replacement),
      html: replacementCard(replacement, view.clusters, now, view.next).toString(),
    })),
    ...view.clusters.map((cluster) => ({
      id: idOf("c", cluster.cluster),
      html: clusterCard(cluster, now).toString(),
    })),
    ...view.racks.flatMap((rack) => [
      { id: rackId(rack), html: rackHead(rack).toString() },
      ...rack.machines.map((machine) => ({ id: machineId(machine), html: line(machine).toString() })),
    ]),
  ];
}

export function wholePage(state: PageState, version: string, line: Line): Markup {
  const { view, now } = state;
  const sites = Map.groupBy(view.racks, ({ site }) => site);
  const body = markup`${summary(state)}
<main id="main">
${view.replacements.length === 0 ? "" : markup`<section id="replacements" aria-labelledby="replacements-name"><h2 id="replacements-name">Replacements</h2>${view.replacements.map((replacement) => replacementCard(replacement, view.clusters, now, view.next))}</section>`}
${view.clusters.length === 0 ? "" : markup`<section id="clusters" aria-labelledby="clusters-name"><h2 id="clusters-name">Clusters</h2><div class="cards">${view.clusters.map((cluster) => clusterCard(cluster, now))}</div></section>`}
${view.racks.length === 0 ? "" : tools()}
${[...sites].map(([site, racks]) => siteSection(site, racks, line))}
</main>
<p class="unseen" id="said" role="status"></p>
<p class="none" id="none" hidden>No machine matches.</p>`;
  const data = markup` data-version="${version}" data-now="${now.getTime()}"`;
  return shell({ title: titleOf(state), root: "", script: "page.js", data, body });
}

function siteSection(site: string, racks: readonly RackView[], line: Line): Markup {
  const id = idOf("s", site);
  return markup`<section id="${id}" class="site" aria-labelledby="${id}-name"><h2 id="${id}-name">Site ${site}</h2><div class="racks">${racks.map((rack) => markup`<section class="rack" id="${rackId(rack)}-all">${rackHead(rack)}<ul class="machines" aria-label="${rack.rack === undefined ? "Machines without a rack" : `Machines of rack ${rack.rack}`}">${rack.machines.map(line)}</ul></section>`)}</div></section>`;
}

/** Only of use with page.js, which shows it. */
function tools(): Markup {
  return markup`<search id="tools" hidden><label>Find <input id="find" type="search" autocomplete="off" spellcheck="false" placeholder="name, address, cluster"></label><label><input id="only" type="checkbox"> only machines that need a look</label></search>`;
}

/** One machine by itself: for those without JavaScript, and to be linked to. */
export function machinePage(machine: MachineView, now: Date, title: string): Markup {
  const body = markup`<header id="summary" data-signal="${machine.signal}"><div class="top"><h1>${machine.name}</h1><p><a href="../">All machines</a></p></div><p class="sentence">${sign(machine.signal)}<span>${word(machine.signal)}${machine.state}${machine.since === undefined ? "" : markup`, since ${elapsed(machine.since, now)}`}</span></p></header>
<main id="main" class="alone">${machineMore(machine, now)}</main>`;
  const data = markup` data-now="${now.getTime()}"`;
  return shell({ title: `${machine.name}: ${title}`, root: "../", script: "machine.js", data, body });
}

interface Shell {
  readonly title: string;
  /** From this page to the top, so that it may be served below any path. */
  readonly root: string;
  readonly script: "page.js" | "machine.js";
  /** What the script goes on from: attributes of the body. */
  readonly data: Markup;
  readonly body: Markup;
}

function shell({ title, root, script, data, body }: Shell): Markup {
  return markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>${title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="${root}favicon.svg" type="image/svg+xml">
<link rel="stylesheet" href="${root}page.css">
<noscript><meta http-equiv="refresh" content="15"></noscript>
<script type="module" src="${root}${script}"></script>
</head>
<body${data}>
<a class="skip" href="#main">Skip to the machines</a>
${body}
</body>
</html>
`;
}

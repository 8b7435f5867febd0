// Keeps the open page as the service has it. The service renders everything; what changed is put in the place of what
// was there, node by node, so that what is open stays open and what has the focus keeps it.

import { count, parse, patch, patchChildren } from "./patch.js";

// What people hear: a change of what is to be done, not each percent.
let saidLast = document.getElementById("summary").dataset.say;
let sayLater;
function summaryChanged() {
  const { title, say } = document.getElementById("summary").dataset;
  if (document.title !== title) document.title = title;
  if (say === saidLast || sayLater) return;
  // Things happen in bursts: one sentence about all of them.
  sayLater = setTimeout(() => {
    sayLater = undefined;
    const latest = document.getElementById("summary").dataset.say;
    if (latest !== saidLast) document.getElementById("said").textContent = latest;
    saidLast = latest;
  }, 2000);
}

// What is below a machine's line is fetched when it is opened, and again when the machine changes.
const fetched = new WeakMap();
async function fill(details) {
  const line = details.closest(".machine");
  const more = details.querySelector(".more");
  const { version } = line.dataset;
  if (!details.open || fetched.get(more) === version) return;
  fetched.set(more, version);
  try {
    const response = await fetch(more.dataset.from);
    if (!response.ok) throw new Error(response.statusText);
    const wanted = parse(`<div>${await response.text()}</div>`);
    patchChildren(more, wanted.body.firstElementChild);
    count();
  } catch {
    // The link below the line leads to the same; the next change tries again.
    fetched.delete(more);
  }
}
document.addEventListener("toggle", ({ target }) => target.matches?.(".machine > details") && fill(target), true);
let filling;
function fillOpen() {
  filling ??= setTimeout(() => {
    filling = undefined;
    for (const details of document.querySelectorAll(".machine > details[open]")) fill(details);
  }, 500);
}

// Find, and only those that need a look.
const [find, only] = ["find", "only"].map((id) => () => document.getElementById(id));
function filter() {
  const words = (find()?.value ?? "").toLowerCase().split(/\s+/).filter(Boolean);
  const asking = only()?.checked ?? false;
  let shown = 0;
  for (const line of document.querySelectorAll(".machine")) {
    const { signal, find: text } = line.dataset;
    line.hidden =
      (asking && signal !== "act" && signal !== "look") || !words.every((word) => text.includes(word));
    if (!line.hidden) shown += 1;
  }
  for (const rack of document.querySelectorAll(".rack")) {
    rack.hidden = rack.querySelector(".machine:not([hidden])") === null;
  }
  document.getElementById("none").hidden = shown > 0 || document.querySelector(".machine") === null;
}
document.addEventListener("input", ({ target }) => {
  if (target === find() || target === only()) filter();
});
const filtering = () => find()?.value || only()?.checked;
function showTools() {
  const tools = document.getElementById("tools");
  if (tools) tools.hidden = false;
}

// The connection. The browser comes back by itself after a loss, but not after an error's answer: then it is done here.
let version = document.body.dataset.version;
let source;
let again = 2000;
let reloading;
/** Changes are put in place one after the other. */
let work = Promise.resolve();
let reloaded = 0;
function live(state) {
  const element = document.getElementById("live");
  const text = state ? "live" : "not connected, trying again";
  element.hidden = false;
  element.dataset.state = state ? "on" : "off";
  if (element.textContent !== text) element.textContent = text;
}
function connect() {
  source = new EventSource(`events?from=${encodeURIComponent(version)}`);
  source.addEventListener("open", () => {
    again = 2000;
    live(true);
  });
  source.addEventListener("error", () => {
    live(false);
    if (source.readyState !== EventSource.CLOSED) return;
    setTimeout(connect, again);
    again = Math.min(again * 2, 60_000);
  });
  source.addEventListener("patch", ({ data, lastEventId }) => {
    version = lastEventId;
    work = work.then(() => apply(JSON.parse(data)));
  });
  source.addEventListener("reset", () => {
    work = work.then(reload);
  });
}
/** Parsed at once, put in place a hundred at a time: a key that is pressed meanwhile is answered. */
async function apply(fragments) {
  const wanted = [...parse(fragments.map(({ html }) => html).join("")).body.children];
  for (const [index, { id }] of fragments.entries()) {
    const there = document.getElementById(id);
    if (there && wanted[index]?.id === id) patch(there, wanted[index]);
    if (index % 100 === 99) await new Promise((resolve) => setTimeout(resolve));
  }
  changed();
}
/** The whole page again, put over this one; not more than once a second. */
async function reload() {
  if (reloading) return;
  reloading = true;
  source.close();
  try {
    await new Promise((resolve) => setTimeout(resolve, reloaded + 1000 - Date.now()));
    reloaded = Date.now();
    const response = await fetch("./");
    if (!response.ok) throw new Error(response.statusText);
    const wanted = parse(await response.text());
    version = wanted.body.dataset.version;
    patch(document.body, wanted.body);
    showTools();
    changed();
    connect();
  } catch {
    live(false);
    setTimeout(connect, again);
    again = Math.min(again * 2, 60_000);
  } finally {
    reloading = false;
  }
}
function changed() {
  summaryChanged();
  if (filtering()) filter();
  fillOpen();
  count();
}

showTools();
summaryChanged();
filter();
connect();

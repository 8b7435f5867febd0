// Puts what the service rendered in the place of what is there, node by node; and counts its times on.

/** Set here, and by nobody else: a patch leaves them alone. */
const own = new Set(["open", "hidden", "data-state"]);

export function patch(from, to) {
  if (from.nodeType !== to.nodeType || from.nodeName !== to.nodeName) return from.replaceWith(to);
  if (from.nodeType !== Node.ELEMENT_NODE) {
    if (from.nodeValue !== to.nodeValue) from.nodeValue = to.nodeValue;
    return;
  }
  for (const { name } of [...from.attributes])
    if (!to.hasAttribute(name) && !own.has(name)) from.removeAttribute(name);
  for (const { name, value } of to.attributes)
    if (from.getAttribute(name) !== value && !own.has(name)) from.setAttribute(name, value);
  if (from.classList.contains("more") || from.classList.contains("live") || from.id === "said") return;
  patchChildren(from, to);
}

/** Children with an id are found by it, wherever they were; the others by their place. */
export function patchChildren(from, to) {
  const known = new Map([...from.children].filter(({ id }) => id !== "").map((child) => [child.id, child]));
  let at = from.firstChild;
  for (const wanted of [...to.childNodes]) {
    const kept = wanted.id ? known.get(wanted.id) : at?.id ? undefined : at;
    if (kept == null) {
      from.insertBefore(wanted, at);
      continue;
    }
    if (kept === at) at = at.nextSibling;
    else from.insertBefore(kept, at);
    known.delete(wanted.id);
    patch(kept, wanted);
  }
  while (at) {
    const next = at.nextSibling;
    at.remove();
    at = next;
  }
}

const parser = new DOMParser();
export const parse = (html) => parser.parseFromString(html, "text/html");

// Times count on between two changes, by the service's clock.
const [navigation] = performance.getEntriesByType("navigation");
const ahead = Number(document.body.dataset.now) - (performance.timeOrigin + (navigation?.responseStart ?? 0));
function duration(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
  return `${Math.floor(hours / 24)} days`;
}
export function count() {
  if (document.hidden) return;
  const now = Date.now() + ahead;
  for (const time of document.querySelectorAll("time[data-since]")) {
    const text = duration((now - Date.parse(time.dateTime)) / 1000);
    if (time.textContent !== text) time.textContent = text;
  }
}
setInterval(count, 1000);
document.addEventListener("visibilitychange", count);

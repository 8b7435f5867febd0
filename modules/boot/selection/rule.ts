// Matchbox's rule of selection, as one would write it down: which of some groups answers a machine. The index answers the
// same in constant time, and is tested against this.
import { compareBytes } from "../go/text.ts";

export interface Selectable {
  /** Key in the store. */
  readonly key: string;
  /** Labels that must all be equal. An empty one is equal to none. */
  readonly selector: ReadonlyMap<string, string>;
}

export type Labels = ReadonlyMap<string, string>;

export function matches({ selector }: Selectable, labels: Labels): boolean {
  for (const [key, value] of selector) if ((labels.get(key) ?? "") !== value) return false;
  return true;
}

/** What ties are broken by: as `arch=amd64,mac=...`. */
export function selectorText(selector: ReadonlyMap<string, string>): string {
  return [...selector]
    .map(([key, value]) => `${key}=${value}`)
    .sort(compareBytes)
    .join(",");
}

/**
 * Most selector keys first; then the greater text; then, where Matchbox leaves it to its sort, the file that is listed
 * first.
 */
export function compareGroups(a: Selectable, b: Selectable): number {
  return (
    b.selector.size - a.selector.size ||
    compareBytes(selectorText(b.selector), selectorText(a.selector)) ||
    compareFiles(a, b)
  );
}

/** As a folder lists them. */
export function compareFiles(a: Selectable, b: Selectable): number {
  return compareBytes(`${a.key}.json`, `${b.key}.json`);
}

export function selectByRule<G extends Selectable>(groups: Iterable<G>, labels: Labels): G | undefined {
  return [...groups].sort(compareGroups).find((group) => matches(group, labels));
}

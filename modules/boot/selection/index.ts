// Which group answers a machine, in a time that does not depend on how many groups there are: groups that ask for the
// same keys share a table, by the values that they ask for.
import { compareBytes } from "../go/text.ts";
import { compareFiles, type Labels, type Selectable, selectorText } from "./rule.ts";

export type { Labels, Selectable };

export interface SelectorIndex<G extends Selectable> {
  /** Replaces the group of the same key. */
  set(group: G): void;
  delete(key: string): void;
  get(key: string): G | undefined;
  select(labels: Labels): G | undefined;
  /** Of those that ask for nothing. */
  selectDefault(): G | undefined;
  readonly size: number;
}

interface Table<G> {
  readonly keys: readonly string[];
  readonly byValues: Map<string, Bucket<G>>;
}

/** Groups with the same selector. */
interface Bucket<G> {
  readonly text: string;
  /** Best first. */
  groups: G[];
}

export function selectorIndex<G extends Selectable>(): SelectorIndex<G> {
  const groups = new Map<string, G>();
  const tables = new Map<string, Table<G>>();
  /** Most keys first. */
  let ordered: readonly Table<G>[] = [];

  const reorder = () => {
    ordered = [...tables.values()].sort((a, b) => b.keys.length - a.keys.length);
  };

  function add(group: G): void {
    const keys = [...group.selector.keys()].sort();
    const name = joined(keys);
    let table = tables.get(name);
    if (table === undefined) {
      table = { keys, byValues: new Map() };
      tables.set(name, table);
      reorder();
    }
    const values = valuesOf(keys, group.selector);
    const bucket = table.byValues.get(values);
    if (bucket === undefined)
      table.byValues.set(values, { text: selectorText(group.selector), groups: [group] });
    else bucket.groups = [...bucket.groups, group].sort(compareFiles);
  }

  function remove(group: G): void {
    const keys = [...group.selector.keys()].sort();
    const table = tables.get(joined(keys))!;
    const values = valuesOf(keys, group.selector);
    const bucket = table.byValues.get(values)!;
    bucket.groups = bucket.groups.filter((each) => each !== group);
    if (bucket.groups.length > 0) return;
    table.byValues.delete(values);
    if (table.byValues.size > 0) return;
    tables.delete(joined(keys));
    reorder();
  }

  function drop(key: string): void {
    const group = groups.get(key);
    if (group === undefined) return;
    groups.delete(key);
    remove(group);
  }

  return {
    get size() {
      return groups.size;
    },
    set(group) {
      drop(group.key);
      groups.set(group.key, group);
      add(group);
    },
    delete: drop,
    get: (key) => groups.get(key),
    selectDefault: () => tables.get("")?.byValues.get("")?.groups[0],
    select(labels) {
      let best: Bucket<G> | undefined;
      let keys = 0;
      for (const table of ordered) {
        if (best !== undefined && table.keys.length < keys) break;
        const bucket = table.byValues.get(valuesOf(table.keys, labels));
        if (bucket === undefined) continue;
        if (best === undefined || compareBytes(bucket.text, best.text) > 0) best = bucket;
        keys = table.keys.length;
      }
      return best?.groups[0];
    },
  };
}

function valuesOf(keys: readonly string[], labels: Labels): string {
  if (keys.length === 1) return labels.get(keys[0]!) ?? "";
  return joined(keys.map((key) => labels.get(key) ?? ""));
}

/** One text for several, and for no others. */
function joined(texts: readonly string[]): string {
  return texts.map((text) => `${text.length}:${text}`).join("");
}

// A store that forgets: for tests, and for looking at a service without a disk.
import { byKey, checkedKey } from "./key.ts";
import { type BootStore, type Entry, type Kind, kinds } from "./types.ts";

export function openMemoryStore(): BootStore {
  const documents = new Map<Kind, Map<string, Entry>>(kinds.map((kind) => [kind, new Map()]));
  const of = (kind: Kind) => documents.get(kind)!;
  const watchers = new Set<Parameters<BootStore["watch"]>[0]>();
  let writes = 0;

  function tell(kind: Kind, key: string): void {
    for (const watcher of watchers) queueMicrotask(() => watchers.has(watcher) && watcher({ kind, key }));
  }

  return {
    get: async (kind, key) => of(kind).get(checkedKey(key)),
    list: async (kind) => [...of(kind).values()].sort(byKey),
    async put(kind, key, bytes, expected) {
      const before = of(kind).get(checkedKey(key));
      if (expected !== undefined && expected !== (before?.version ?? "absent")) return "conflict";
      writes += 1;
      const version = String(writes);
      of(kind).set(key, { key, bytes: Uint8Array.from(bytes), version });
      tell(kind, key);
      return { version };
    },
    async delete(kind, key) {
      const was = of(kind).delete(checkedKey(key));
      if (was) tell(kind, key);
      return was;
    },
    watch(onChange) {
      watchers.add(onChange);
      return () => watchers.delete(onChange);
    },
    close: async () => watchers.clear(),
  };
}

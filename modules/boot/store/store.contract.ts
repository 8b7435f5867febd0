// What every store must do. A store's test calls this with a way to open it, twice on the same documents.
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { LandfallError } from "../../spec/index.ts";
import { type BootStore, type Kind, kinds } from "./types.ts";

export interface Place {
  /** Opens the documents of this place; each store that was opened is closed by the suite. */
  readonly open: () => Promise<BootStore>;
  readonly remove: () => Promise<void>;
}

const bytes = (text: string) => Buffer.from(text);
const text = (entry: { readonly bytes: Uint8Array } | undefined) =>
  entry && Buffer.from(entry.bytes).toString();

export function storeContract(name: string, makePlace: () => Promise<Place>): void {
  // On a busy machine a lock or a database takes its time.
  describe(`${name} as a store`, { timeout: 30_000 }, () => {
    let place: Place;
    let opened: BootStore[];
    let store: BootStore;
    const open = async () => {
      const another = await place.open();
      opened.push(another);
      return another;
    };

    beforeEach(async () => {
      place = await makePlace();
      opened = [];
      store = await open();
    });
    afterEach(async () => {
      for (const each of opened) await each.close();
      await place.remove();
    });

    test("what was put is got, whatever its bytes; nothing else is there", async () => {
      const binary = Uint8Array.from({ length: 70_000 }, (_, index) => index % 256);
      await store.put("generic", "binary", binary);
      await store.put("ignition", "empty", bytes(""));
      expect(Buffer.from((await store.get("generic", "binary"))!.bytes).equals(binary)).toBe(true);
      expect(text(await store.get("ignition", "empty"))).toBe("");
      expect(await store.get("ignition", "binary")).toBeUndefined();
      expect(await store.list("groups")).toEqual([]);
    });

    test("kinds are apart, and lists are by key in the order of bytes", async () => {
      for (const kind of kinds) await store.put(kind, "same", bytes(kind));
      for (const kind of kinds) expect((await store.list(kind)).map(text)).toEqual([kind]);
      for (const key of ["b", "a", "B", "ä", "a.b", "a-b", "10", "9"])
        await store.put("groups", key, bytes(key));
      const listed = await store.list("groups");
      expect(listed.map(({ key }) => key)).toEqual(["10", "9", "B", "a", "a-b", "a.b", "b", "same", "ä"]);
      for (const entry of listed) expect(await store.get("groups", entry.key)).toEqual(entry);
    });

    test("delete says whether it was there", async () => {
      expect(await store.delete("groups", "a")).toBe(false);
      await store.put("groups", "a", bytes("1"));
      expect(await store.delete("groups", "a")).toBe(true);
      expect(await store.get("groups", "a")).toBeUndefined();
      expect(await store.delete("groups", "a")).toBe(false);
    });

    test("put compares with the version, or with there being nothing", async () => {
      expect(await store.put("machines", "a", bytes("1"), "something")).toBe("conflict");
      const first = await store.put("machines", "a", bytes("1"), "absent");
      if (first === "conflict") return expect.unreachable();
      expect(await store.get("machines", "a")).toMatchObject({ version: first.version });
      expect(await store.put("machines", "a", bytes("2"), "absent")).toBe("conflict");
      const second = await store.put("machines", "a", bytes("2"), first.version);
      if (second === "conflict") return expect.unreachable();
      expect(second.version).not.toBe(first.version);
      expect(await store.put("machines", "a", bytes("3"), first.version)).toBe("conflict");
      expect(text(await store.get("machines", "a"))).toBe("2");
      await store.put("machines", "a", bytes("4"));
      expect(await store.put("machines", "a", bytes("5"), second.version)).toBe("conflict");
      await store.delete("machines", "a");
      expect(await store.put("machines", "a", bytes("6"), second.version)).toBe("conflict");
      expect(await store.get("machines", "a")).toBeUndefined();
    });

    test("of many that compare with the same version, in two stores, one wins", async () => {
      const other = await open();
      for (let round = 0; round < 5; round++) {
        const before = (await store.get("machines", "a"))?.version ?? "absent";
        const results = await Promise.all(
          Array.from({ length: 12 }, (_, index) =>
            [store, other][index % 2]!.put("machines", "a", bytes(`${round} ${index}`), before),
          ),
        );
        expect(results.filter((result) => result !== "conflict")).toHaveLength(1);
        const winner = results.findIndex((result) => result !== "conflict");
        expect(text(await other.get("machines", "a"))).toBe(`${round} ${winner}`);
      }
    });

    test("counting in two stores at once loses nothing", async () => {
      const other = await open();
      const count = async (through: BootStore) => {
        for (;;) {
          const entry = await through.get("machines", "count");
          const next = bytes(String(Number(text(entry) ?? "0") + 1));
          if ((await through.put("machines", "count", next, entry?.version ?? "absent")) !== "conflict")
            return;
        }
      };
      await Promise.all(Array.from({ length: 40 }, (_, index) => count(index % 2 ? store : other)));
      expect(text(await store.get("machines", "count"))).toBe("40");
    });

    test("a reader sees a document whole, while it is being replaced", async () => {
      const sizes = [10, 200_000];
      await store.put("ignition", "a", bytes("x".repeat(10)));
      let writing = true;
      const writer = (async () => {
        for (let round = 0; round < 20; round++)
          await store.put("ignition", "a", bytes("x".repeat(sizes[round % 2]!)));
        writing = false;
      })();
      const reader = await open();
      while (writing) expect(sizes).toContain((await reader.get("ignition", "a"))?.bytes.length);
      await writer;
    });

    test("keys that could lead elsewhere are refused", async () => {
      const bad = [
        "",
        ".",
        "..",
        "../a",
        "a/b",
        "/etc/passwd",
        ".hidden",
        "a\0b",
        "a\nb",
        "\ud800",
        "x".repeat(241),
      ];
      for (const key of bad) {
        for (const attempt of [
          () => store.get("groups", key),
          () => store.put("groups", key, bytes("")),
          () => store.delete("groups", key),
        ]) {
          const error: LandfallError = await attempt().then(
            () => expect.unreachable(JSON.stringify(key)),
            (thrown) => thrown,
          );
          expect(error).toMatchObject({ name: "LandfallError", code: "store-key" });
        }
      }
      expect(await store.list("groups")).toEqual([]);
      for (const key of ["x".repeat(240), "a b", "a..b", "%2e%2e", "A", "a\\b", "${x}", "'; --"]) {
        await store.put("groups", key, bytes(key));
        expect(text(await store.get("groups", key))).toBe(key);
      }
    });

    test("any sequence of changes leaves what a map would hold", async () => {
      const key = fc.constantFrom("a", "b", "c");
      const kind = fc.constantFrom<Kind>("groups", "generic");
      const step = fc.oneof(
        fc.record({ what: fc.constant("put" as const), kind, key, value: fc.string() }),
        fc.record({ what: fc.constant("delete" as const), kind, key }),
        fc.record({ what: fc.constant("stale" as const), kind, key, value: fc.string() }),
      );
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 10 }), async (steps) => {
          for (const each of kinds)
            for (const entry of await store.list(each)) await store.delete(each, entry.key);
          const map = new Map<string, string>();
          for (const each of steps) {
            const at = `${each.kind}/${each.key}`;
            if (each.what === "put") {
              await store.put(each.kind, each.key, bytes(each.value));
              map.set(at, each.value);
            } else if (each.what === "delete")
              expect(await store.delete(each.kind, each.key)).toBe(map.delete(at));
            else
              expect(await store.put(each.kind, each.key, bytes(each.value), "no version")).toBe("conflict");
          }
          const left = await Promise.all(
            kinds.map(async (each) =>
              (await store.list(each)).map((entry) => [`${each}/${entry.key}`, text(entry)]),
            ),
          );
          expect(Object.fromEntries(left.flat())).toEqual(Object.fromEntries(map));
        }),
        { seed: 5, numRuns: 15 },
      );
    });

    test("watch tells of changes made here, and through another store, until it is ended", async () => {
      const other = await open();
      const seen: string[] = [];
      const end = store.watch(({ kind, key }) => seen.push(`${kind}/${key}`));
      const awaited = async (change: string) =>
        expect.poll(() => seen, { timeout: 10_000 }).toContain(change);
      await store.put("groups", "mine", bytes("1"));
      await awaited("groups/mine");
      await other.put("machines", "theirs", bytes("1"));
      await awaited("machines/theirs");
      seen.length = 0;
      const entry = await other.get("machines", "theirs");
      await other.put("machines", "theirs", bytes("2"), entry!.version);
      await awaited("machines/theirs");
      seen.length = 0;
      await other.delete("groups", "mine");
      await awaited("groups/mine");
      end();
      await other.put("conditions", "late", bytes("1"));
      await store.put("conditions", "later", bytes("1"));
      expect(seen.filter((change) => change.startsWith("conditions"))).toEqual([]);
    });
  });
}

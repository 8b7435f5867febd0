import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { LandfallError } from "../../spec/index.ts";
import { selectByRule } from "../selection/rule.ts";
import { openMemoryStore } from "../store/memory.ts";
import type { BootStore } from "../store/types.ts";
import { type Catalog, type CatalogOptions, openCatalog } from "./catalog.ts";
import { parseGroup } from "./group.ts";

const open: Catalog[] = [];
let store: BootStore;
beforeEach(() => {
  store = openMemoryStore();
});
afterEach(() => {
  for (const catalog of open.splice(0)) catalog.close();
});

async function opened(from: BootStore = store, options: CatalogOptions = {}): Promise<Catalog> {
  const catalog = openCatalog(from, { pulseMilliseconds: 1e9, ...options });
  open.push(catalog);
  await catalog.loaded;
  return catalog;
}

const put = (kind: "groups" | "profiles" | "generic", key: string, value: unknown) =>
  store.put(kind, key, Buffer.from(typeof value === "string" ? value : JSON.stringify(value)));

describe("the catalog", () => {
  it("holds what was there, and what comes and goes", async () => {
    await put("groups", "g", { id: "g", profile: "p" });
    await put("profiles", "p", { id: "p" });
    const catalog = await opened();
    expect(catalog.select(new Map())?.profile).toBe("p");
    expect(catalog.profile("p")?.id).toBe("p");
    await put("generic", "x", "text");
    await store.delete("groups", "g");
    await expect.poll(() => String(catalog.generic("x"))).toContain("116,101");
    await expect.poll(() => catalog.select(new Map())).toBeUndefined();
  });

  it("has what was written once it is asked to look", async () => {
    const silent = { ...store, watch: () => () => {} };
    const catalog = await opened(silent);
    await put("groups", "g", { id: "g", profile: "p" });
    expect(catalog.select(new Map())).toBeUndefined();
    await catalog.refresh("groups", "g");
    expect(catalog.select(new Map())?.id).toBe("g");
    await store.delete("groups", "g");
    await catalog.refresh("groups", "g");
    expect(catalog.select(new Map())).toBeUndefined();
  });

  it("leaves out what is broken, names it, and takes it up when it is mended", async () => {
    const broken: string[] = [];
    await put("groups", "g", "{");
    const catalog = await opened(store, {
      onBroken: (kind, key, { code }) => broken.push(`${kind}/${key} ${code}`),
    });
    expect(broken).toEqual(["groups/g json-broken"]);
    await put("groups", "g", { id: "g" });
    await expect.poll(() => catalog.select(new Map())?.id).toBe("g");
    await put("groups", "g", `{"selector":{"mac":"none"}}`);
    await expect.poll(() => catalog.select(new Map())).toBeUndefined();
    expect(broken).toEqual(["groups/g json-broken", "groups/g document-broken"]);
  });

  it("ends with what is in the store, whatever fails on the way", async () => {
    const key = fc.constantFrom("a", "b", "c", "d");
    const selector = fc.dictionary(fc.constantFrom("os", "arch"), fc.constantFrom("", "x", "y"));
    const change = fc.tuple(key, fc.option(selector), fc.integer({ min: 0, max: 3 }));
    await fc.assert(
      fc.asyncProperty(fc.array(change, { maxLength: 20 }), async (changes) => {
        store = openMemoryStore();
        const failures = { left: 0 };
        const mayFail = <T>(work: () => Promise<T>): Promise<T> => {
          if (failures.left === 0) return work();
          failures.left -= 1;
          return Promise.reject(new LandfallError("store-unreachable", "no answer"));
        };
        const flaky: BootStore = {
          ...store,
          get: (...args) => mayFail(() => store.get(...args)),
          list: (...args) => mayFail(() => store.list(...args)),
        };
        const catalog = await opened(flaky, { pulseMilliseconds: 2, retryMilliseconds: 1 });
        for (const [name, selects, fails] of changes) {
          failures.left += fails;
          if (selects === null) await store.delete("groups", name);
          else await put("groups", name, { id: name, selector: selects });
          if (fails === 2) await new Promise((resolve) => setImmediate(resolve));
        }
        failures.left = 0;
        const groups = (await store.list("groups")).map((entry) => parseGroup(entry.key, entry.bytes));
        for (const labels of [{}, { os: "x" }, { os: "y", arch: "x" }, { arch: "y" }].map(
          (each) => new Map(Object.entries(each)),
        ))
          await expect
            .poll(
              () => {
                catalog.check();
                return catalog.select(labels)?.id;
              },
              { interval: 1 },
            )
            .toBe(selectByRule(groups, labels)?.id);
        catalog.close();
      }),
      { numRuns: 150 },
    );
  });
});

import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openFileStore } from "./file.ts";
import { storeContract } from "./store.contract.ts";
import type { BootStore } from "./types.ts";

const temporary = () => mkdtempSync(join(tmpdir(), "landfall-boot-"));

storeContract("a folder", async () => {
  const folder = temporary();
  return {
    open: () => openFileStore(join(folder, "data")),
    remove: async () => rmSync(folder, { recursive: true }),
  };
});

describe("a folder in Matchbox's layout", { timeout: 30_000 }, () => {
  let folder: string;
  let store: BootStore;
  const write = (name: string, contents: string) => {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), contents);
  };
  const keys = async (kind: Parameters<BootStore["list"]>[0]) =>
    (await store.list(kind)).map(({ key }) => key);

  beforeEach(async () => {
    folder = temporary();
    store = await openFileStore(folder);
  });
  afterEach(async () => {
    await store.close();
    rmSync(folder, { recursive: true });
  });

  test("is what Matchbox reads, and nothing lies beside it", async () => {
    await store.put("groups", "prod-v1-m1", Buffer.from("{}"));
    await store.put("ignition", "prod.ign", Buffer.from("{}"));
    await store.put("machines", "52540a000001", Buffer.from("{}"));
    const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).sort();
    expect(files).toEqual([
      ".landfall-lock",
      "groups",
      "groups/prod-v1-m1.json",
      "ignition",
      "ignition/prod.ign",
      "machines",
      "machines/52540a000001.json",
    ]);
  });

  test("what people and editors leave about is no document", async () => {
    write("groups/a.json", "{}");
    write("groups/a.json~", "");
    write("groups/.a.json.swp", "");
    write("groups/README", "");
    write("groups/.json", "");
    write("groups/sub/b.json", "{}");
    mkdirSync(join(folder, "groups/folder.json"));
    symlinkSync("/nowhere", join(folder, "groups/gone.json"));
    symlinkSync("a.json", join(folder, "groups/link.json"));
    expect(await keys("groups")).toEqual(["a", "link"]);
    expect(await store.get("groups", "folder")).toBeUndefined();
  });

  test.each([
    ["a link to nothing", () => symlinkSync("/nowhere", join(folder, "machines/52540a000001.json"))],
    ["a folder", () => mkdirSync(join(folder, "machines/52540a000001.json"))],
    [
      "a file where the records' folder was",
      () => {
        rmSync(join(folder, "machines"), { recursive: true });
        write("machines", "");
      },
    ],
  ])("a machine is not taken for unknown where something is, and no record: %s", async (_, make) => {
    mkdirSync(join(folder, "machines"));
    expect(await store.get("machines", "52540a000001")).toBeUndefined();
    make();
    await expect(store.get("machines", "52540a000001")).rejects.toMatchObject({
      code: "document-unreadable",
    });
  });

  test("no machine is unknown while the folder is not the one that it was", async () => {
    const aside = `${folder}.aside`;
    renameSync(folder, aside);
    try {
      mkdirSync(folder);
      await expect(store.get("machines", "52540a000001")).rejects.toMatchObject({
        code: "store-unreachable",
      });
    } finally {
      rmSync(folder, { recursive: true });
      renameSync(aside, folder);
    }
    expect(await store.get("machines", "52540a000001")).toBeUndefined();
  });

  test("what a killed process left half-written is removed when the next one opens it", async () => {
    write("profiles/.landfall-0123456789abcdef.new", "half");
    expect(await keys("profiles")).toEqual([]);
    await (await openFileStore(folder)).close();
    expect(readdirSync(join(folder, "profiles"))).toEqual([]);
  });

  test.each(["at once", "at the next look"])("edits by hand are seen %s", async (when) => {
    await store.close();
    write("groups/old.json", "{}");
    // A folder that is made only later is one that nobody can listen to yet.
    store = await openFileStore(folder, { lookEvery: when === "at once" ? 2 ** 30 : 50 });
    if (when === "at once") mkdirSync(join(folder, "ignition"));
    const seen: string[] = [];
    store.watch(({ kind, key }) => seen.push(`${kind}/${key}`));
    const saw = async (change: string, act: () => void) => {
      seen.length = 0;
      act();
      await expect.poll(() => seen, { timeout: 10_000 }).toContain(change);
    };
    await new Promise((resolve) => setTimeout(resolve, 100));
    await saw("groups/old", () => appendFileSync(join(folder, "groups/old.json"), " "));
    await saw("groups/old", () => writeFileSync(join(folder, "groups/old.json"), "[]"));
    write("new", "{}");
    await saw("groups/new", () => renameSync(join(folder, "new"), join(folder, "groups/new.json")));
    await saw("groups/new", () => renameSync(join(folder, "groups/new.json"), join(folder, "groups/x.json")));
    await saw("ignition/a.ign", () => write("ignition/a.ign", "{}"));
    await saw("groups/x", () => rmSync(join(folder, "groups"), { recursive: true }));
    expect(readFileSync(join(folder, "ignition/a.ign"), "utf8")).toBe("{}");
  });

  test("a folder that cannot be written to is said, with its path", async () => {
    write("groups", "not a folder");
    await expect(store.put("groups", "a", Buffer.from(""))).rejects.toMatchObject({
      code: "store-unreachable",
      message: expect.stringContaining("groups/a.json"),
    });
    expect(await keys("groups")).toEqual([]);
  });
});

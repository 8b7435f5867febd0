import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { localLoader } from "../boot/index.ts";
import { publishRelease } from "./publish.ts";
import { releaseFilePath } from "./release.ts";
import type { Release, ReleaseFileKind } from "./types.ts";

const kinds: readonly ReleaseFileKind[] = ["kernel", "initrd", "root", "kubernetes", "loader"];
let folder: string;
let cacheDir: string;
let assets: string;
let release: Release;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "landfall-publish-"));
  cacheDir = join(folder, "cache");
  assets = join(folder, "assets");
  const file = (kind: string) => ({
    name: kind,
    sha256: createHash("sha256").update(`contents of ${kind}`).digest("hex"),
    size: `contents of ${kind}`.length,
  });
  release = {
    id: "1.34.1-test",
    kubernetes: "1.34.1",
    versions: {},
    files: {
      kernel: file("kernel"),
      initrd: file("initrd"),
      root: file("root"),
      kubernetes: file("kubernetes"),
      loader: file("loader"),
    },
    images: {},
  };
  for (const kind of kinds) {
    const path = releaseFilePath(release, kind, cacheDir);
    mkdirSync(join(path, ".."), { recursive: true });
    writeFileSync(path, `contents of ${kind}`);
  }
});
afterEach(() => rmSync(folder, { recursive: true }));

const published = (kind: ReleaseFileKind) =>
  join(assets, release.files[kind].sha256, release.files[kind].name);

test("every file is found by its hash, and publishing again touches nothing", async () => {
  await publishRelease(release, cacheDir, assets, localLoader);
  for (const kind of kinds) {
    expect(readFileSync(published(kind), "utf8")).toBe(`contents of ${kind}`);
    expect(readdirSync(join(published(kind), ".."))).toEqual([kind]);
  }
  expect(readFileSync(join(assets, localLoader), "utf8")).toBe("contents of loader");
  const before = kinds.map((kind) => statSync(published(kind)).ino);
  await publishRelease(release, cacheDir, assets, localLoader);
  expect(kinds.map((kind) => statSync(published(kind)).ino)).toEqual(before);
});

test("a file that was cut short is put right", async () => {
  mkdirSync(join(published("root"), ".."), { recursive: true });
  writeFileSync(published("root"), "cont");
  await publishRelease(release, cacheDir, assets, localLoader);
  expect(readFileSync(published("root"), "utf8")).toBe("contents of root");
});

test("a file that is not what was built is refused", async () => {
  writeFileSync(releaseFilePath(release, "root", cacheDir), "contents of toor");
  await expect(publishRelease(release, cacheDir, assets, localLoader)).rejects.toMatchObject({
    code: "release-damaged",
  });
  expect(existsSync(published("root"))).toBe(false);
});

// Small readers and keepers of files: mounts, consoles, assets, disks.
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { AssetCache, parseAssetUrl } from "./assets.ts";
import { ConsoleLog, readConsole, stageOf } from "./console.ts";
import { loopDevicesBelow, mountsBelow } from "./mounts.ts";
import { installedArgs, kernelArgument } from "./nspawn.ts";
import { temporaryFolder } from "./testing.ts";

const mountinfo = [
  "22 1 254:0 / / rw - ext4 /dev/vda rw",
  "50 22 7:1 / /state/mnt/aa ro - squashfs /dev/loop1 ro",
  "51 22 7:2 / /state/with\\040space rw - squashfs /dev/loop2 ro",
  "52 50 0:9 / /state/mnt/aa/inner rw - tmpfs tmpfs rw",
  "53 22 7:3 / /statement rw - squashfs /dev/loop3 ro",
].join("\n");

describe("mounts", () => {
  it("are listed latest first, below the folder only", () => {
    expect(mountsBelow(mountinfo, "/state")).toEqual([
      "/state/mnt/aa/inner",
      "/state/with space",
      "/state/mnt/aa",
    ]);
  });
  it("name their loop devices", () => {
    expect(loopDevicesBelow(mountinfo, "/state")).toEqual(["/dev/loop1", "/dev/loop2"]);
  });
});

describe("a console", () => {
  it("gives whole lines, however they come", () => {
    const lines: string[] = [];
    const log = new ConsoleLog(join(temporaryFolder(), "c", "console.log"), (line) => lines.push(line));
    for (const chunk of ["landfall: st", "age boot\r\r\nxy", "\n", "rest"]) log.write(chunk);
    expect(lines).toEqual(["landfall: stage boot", "xy"]);
    expect(readConsole(log.path).toString()).toBe("landfall: stage boot\r\r\nxy\nrest");
  });

  it("stays bounded, and keeps the latest", () => {
    const log = new ConsoleLog(join(temporaryFolder(), "console.log"));
    for (let i = 0; i < 20; i++) log.write(`${i}`.padEnd(1 << 20, "."));
    const kept = readConsole(log.path);
    expect(kept.length).toBeLessThanOrEqual(8 << 20);
    expect(kept.subarray(-(1 << 20), -(1 << 20) + 2).toString()).toBe("19");
  });

  it.each([
    ["landfall: stage boot", "boot"],
    ["\u001b[0m landfall: stage etcd-member ", "etcd-member"],
    ["landfall: failed", undefined],
  ])("%j announces %j", (line, stage) => expect(stageOf(line)).toBe(stage));
});

describe("assets", () => {
  const asset = { sha256: createHash("sha256").update("kernel").digest("hex"), name: "kernel" };

  it("are found by their URL", () => {
    expect(parseAssetUrl(`http://h:8080/assets/${asset.sha256}/kernel`)).toEqual(asset);
    expect(() => parseAssetUrl("http://h/assets/kernel")).toThrow(
      expect.objectContaining({ code: "asset-unverifiable" }),
    );
  });

  it("are downloaded once, by whoever comes first", async () => {
    const cache = new AssetCache(temporaryFolder());
    let downloads = 0;
    const download = async (to: string) => {
      downloads++;
      await writeFile(to, "kernel");
    };
    const paths = await Promise.all([cache.get(asset, download), cache.get(asset, download)]);
    paths.push(await cache.get(asset, download));
    expect(downloads).toBe(1);
    expect(new Set(paths).size).toBe(1);
    expect(readFileSync(paths[0]!, "utf8")).toBe("kernel");
  });

  it("are kept only when they are what their URL says", async () => {
    const cache = new AssetCache(temporaryFolder());
    const corrupt = cache.get(asset, (to) => writeFile(to, "other"));
    await expect(corrupt).rejects.toThrow(expect.objectContaining({ code: "asset-corrupt" }));
    expect(readdirSync(join(cache.folder, asset.sha256))).toEqual([]);
    expect(existsSync(await cache.get(asset, (to) => writeFile(to, "kernel")))).toBe(true);
  });
});

describe("a disk", () => {
  const disk = (marker: string | undefined, boot: string | undefined) => {
    const folder = temporaryFolder();
    if (marker !== undefined) writeFileSync(join(folder, "marker"), marker);
    if (boot !== undefined) writeFileSync(join(folder, "boot"), boot);
    return installedArgs(folder);
  };
  it("boots only what was installed to its end", () => {
    expect(disk(undefined, undefined)).toBeUndefined();
    expect(disk("cluster=a\nstate=installing\n", "args")).toBeUndefined();
    expect(disk("cluster=a\nstate=installed\n", undefined)).toBeUndefined();
    expect(disk("cluster=a\nstate=installed\n", "landfall.local x=y\n")).toBe("landfall.local x=y");
  });
  it("reads kernel arguments: the last one counts", () => {
    expect(kernelArgument("a=1 ab=2 a=x=3", "a")).toBe("x=3");
    expect(kernelArgument("ab=2", "a")).toBeUndefined();
  });
});

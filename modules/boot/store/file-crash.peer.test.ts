// The file store under a real kernel: kill -9, and a disk that is full. `npm run soak -- store` kills more often.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { bootGate } from "../gate.ts";
import { openMachines } from "../machine/machines.ts";
import { crashRounds } from "./crash.ts";
import { openFileStore } from "./file.ts";
import type { BootStore } from "./types.ts";

test("kill -9 at any moment loses nothing that was acknowledged, and leaves nothing half-written", async () => {
  let seed = 1;
  const random = () => {
    seed = (seed * 16_807) % 2_147_483_647;
    return seed / 2_147_483_647;
  };
  const { kills, acknowledged } = await crashRounds(8, random);
  expect(kills).toBe(16);
  expect(acknowledged).toBeGreaterThan(100);
}, 120_000);

describe("a full disk", () => {
  let folder: string;
  let store: BootStore;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "landfall-full-"));
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=256k", "tmpfs", folder]);
    store = await openFileStore(folder);
  });
  afterEach(async () => {
    await store.close();
    execFileSync("umount", [folder]);
    rmSync(folder, { recursive: true });
  });

  /** Returns the keys that found room. */
  async function fill(size: number): Promise<string[]> {
    const keys: string[] = [];
    for (let number = 0; ; number++) {
      try {
        await store.put("generic", `${size}-${number}`, Buffer.alloc(size, "x"));
        keys.push(`${size}-${number}`);
      } catch (error) {
        expect(error).toMatchObject({ name: "LandfallError", code: "store-full" });
        return keys;
      }
    }
  }

  test("is said, harms nothing that is there, and is over when there is room", async () => {
    await store.put("groups", "before", Buffer.from("1"));
    const keys = [...(await fill(40_000)), ...(await fill(1))];
    expect(keys.length).toBeGreaterThan(4);
    await expect(store.put("groups", "before", Buffer.alloc(9_000))).rejects.toMatchObject({
      code: "store-full",
    });
    expect(Buffer.from((await store.get("groups", "before"))!.bytes).toString()).toBe("1");
    const files = readdirSync(join(folder, "generic"));
    expect(files.sort()).toEqual([...keys].sort());
    for (const { key, bytes } of await store.list("generic"))
      expect(`${bytes.length}-`).toBe(key.replace(/\d+$/, ""));
    await store.delete("generic", keys[0]!);
    await store.put("groups", "before", Buffer.from("2"));
  });

  test("hands out no order, and keeps no machine from its own disk", async () => {
    const now = () => new Date();
    const machines = openMachines({ store, now });
    const gate = bootGate(machines, now);
    const [idle, armed] = ["52:54:00:00:00:01", "52:54:00:00:00:02"] as const;
    for (const mac of [idle, armed])
      await machines.apply(mac, { type: "register", machine: { mac, name: "m", site: "s" } });
    const order = {
      id: "0".repeat(32),
      kind: "install",
      cluster: "lab-v1",
      generation: "g1",
      seconds: 60,
    } as const;
    await machines.apply(armed, { type: "arm", order });
    const keys = [...(await fill(40_000)), ...(await fill(1))];
    await expect(gate.boot(armed)).rejects.toMatchObject({ code: "store-full" });
    expect(await machines.get(armed)).toMatchObject({ order: { state: "armed", boots: 0 } });
    expect(await gate.boot(idle)).toEqual({ boot: "local" });
    await store.delete("generic", keys[0]!);
    expect(await gate.boot(armed)).toMatchObject({ boot: "order" });
  });
});

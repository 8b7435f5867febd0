import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { withLock } from "./lock.ts";
import { temporaryFolder } from "./testing.ts";

it("lets one in at a time, though each removes the file, and leaves nothing", async () => {
  const path = join(temporaryFolder(), "lock");
  let inside = 0;
  let most = 0;
  const results = await Promise.all(
    [1, 2, 3, 4, 5].map((n) =>
      withLock(path, async () => {
        most = Math.max(most, ++inside);
        await new Promise(setImmediate);
        inside--;
        return n;
      }),
    ),
  );
  expect([most, results, existsSync(path)]).toEqual([1, [1, 2, 3, 4, 5], false]);
});

it("is free again after a failure", async () => {
  const path = join(temporaryFolder(), "lock");
  await expect(withLock(path, () => Promise.reject(new Error("no")))).rejects.toThrow("no");
  expect(await withLock(path, () => "yes")).toBe("yes");
});

// The store is consistent wherever issuing stops: in front of any call to the file system, and within any write.
import nodeFs from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Plan } from "../plan/index.ts";
import { examplePlan } from "./example-plan.ts";
import { ensurePki, machineFiles } from "./index.ts";
import type { StoreFs } from "./store.ts";
import { inTemporaryFolder, unsynced } from "./temporary-folder.ts";

const now = new Date("2026-01-02T03:04:05Z");

/** A hundred runs and more; seconds on an idle machine. */
const timeout = 120_000;

class PowerCut extends Error {}

/** Works for `calls` calls; then every call fails, and a write that is cut leaves a part of its text. */
function failingFs(calls: number): { fs: StoreFs; failed: () => boolean } {
  let left = calls;
  const fs = Object.fromEntries(
    Object.entries(unsynced).map(([name, call]) => [
      name,
      typeof call !== "function" || name === "closeSync" || name === "flockSync"
        ? call
        : (...args: unknown[]) => {
            if (left-- > 0) return Reflect.apply(call, unsynced, args);
            if (left === -1 && name === "writeFileSync")
              nodeFs.writeFileSync(args[0] as number, String(args[1]).slice(0, 100));
            throw new PowerCut(name);
          },
    ]),
  );
  return { fs: fs as unknown as StoreFs, failed: () => left < 0 };
}

function cutEverywhere(plan: Plan, prepare: (dir: string) => void, check: (dir: string) => void): number {
  for (let calls = 0; ; calls++) {
    const failed = inTemporaryFolder((parent) => {
      const dir = join(parent, "lab-v1");
      prepare(dir);
      const { fs, failed } = failingFs(calls);
      try {
        ensurePki(plan, dir, now, { fs });
      } catch (error) {
        if (!(error instanceof PowerCut)) throw error;
      }
      const pki = ensurePki(plan, dir, now, { fs: unsynced });
      expect(ensurePki(plan, dir, now, { onIssued: () => expect.unreachable() })).toEqual(pki);
      expect(nodeFs.existsSync(join(dir, "aside")) ? nodeFs.readdirSync(join(dir, "aside")) : []).toEqual([]);
      for (const { name } of plan.machines) expect(machineFiles(plan, dir, name).length).toBeGreaterThan(0);
      check(dir);
      return failed();
    });
    if (!failed) return calls;
  }
}

test("the first issue, cut anywhere, is finished by the next run", { timeout }, () => {
  const cuts = cutEverywhere(
    examplePlan(0, 1),
    () => {},
    () => {},
  );
  // At least open, write, sync, rename and the folder's sync for each of 6 roots and 3 leaves.
  expect(cuts).toBeGreaterThan(9 * 5);
});

test("a later issue, cut anywhere, leaves what was good as it was", { timeout }, () => {
  let good = "";
  const read = (dir: string) =>
    ["authorities/kubernetes.pem", "service-account.pem", "encryption.yaml", "delivery", "leaves/admin.pem"]
      .map((name) => nodeFs.readFileSync(join(dir, name), "utf8"))
      .join();
  cutEverywhere(
    examplePlan(0, 2),
    (dir) => {
      ensurePki(examplePlan(0, 1), dir, now, { fs: unsynced });
      good = read(dir);
    },
    (dir) => expect(read(dir)).toBe(good),
  );
});

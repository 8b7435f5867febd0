// The store under real processes: several at once, and killed at random moments.
import { execFile, spawn } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterEach, beforeEach, expect, test } from "vitest";
import { examplePlan } from "./example-plan.ts";
import { ensurePki, machineFiles, type PublicPki, retire } from "./index.ts";

const program = fileURLToPath(new URL("testdata/ensure.ts", import.meta.url));
const run = promisify(execFile);

let parent: string;
let dir: string;
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), "landfall-store-"));
  dir = join(parent, "lab-v1");
});
afterEach(() => rmSync(parent, { recursive: true, force: true }));

async function ensureElsewhere(workers: number): Promise<{ issued: number; pki: PublicPki }> {
  const { stdout } = await run(process.execPath, [program, dir, String(workers)], { maxBuffer: 1 << 24 });
  return JSON.parse(stdout);
}

test("four processes at once agree, and issue everything once", async () => {
  const results = await Promise.all([20, 20, 20, 20].map(ensureElsewhere));
  for (const { pki } of results) expect(pki).toEqual(results[0]?.pki);
  const total = results.reduce((sum, { issued }) => sum + issued, 0);
  expect(total).toBe(examplePlan(1, 20).certificates.length);
});

test("killed (SIGKILL) at ten random moments, it goes on where it was", async () => {
  const workers = 100;
  const plan = examplePlan(1, workers);
  const leaves = () => {
    try {
      return readdirSync(join(dir, "leaves"), { recursive: true }).length;
    } catch {
      return 0;
    }
  };
  let before = 0;
  for (let kill = 0; kill < 10; kill++) {
    const child = spawn(process.execPath, [program, dir, String(workers)], { stdio: "ignore" });
    const ended = new Promise((resolve) => child.once("close", resolve));
    const timer = setTimeout(() => child.kill("SIGKILL"), 100 + Math.random() * 400);
    await ended;
    clearTimeout(timer);
    expect(leaves()).toBeGreaterThanOrEqual(before);
    before = leaves();
  }
  const { pki } = await ensureElsewhere(workers);
  expect(ensurePki(plan, dir, new Date(), { onIssued: () => expect.unreachable() })).toEqual(pki);
  for (const { name } of plan.machines) expect(machineFiles(plan, dir, name)).not.toHaveLength(0);
  for (const name of readdirSync(dir, { recursive: true, encoding: "utf8" }))
    expect(statSync(join(dir, name)).mode & 0o077, name).toBe(0);
});

test("those that start while a store is retired make one new store", async () => {
  await ensureElsewhere(1);
  const others = [ensureElsewhere(30), ensureElsewhere(30)];
  const retired = retire(dir);
  expect(retired).toBeDefined();
  const [a, b] = await Promise.all(others);
  expect(a?.pki).toEqual(b?.pki);
  const plan = examplePlan(1, 30);
  expect(ensurePki(plan, dir, new Date(), { onIssued: () => expect.unreachable() })).toEqual(a?.pki);
});

test("a thousand machines' certificates are issued in bounded time, and checked in little", () => {
  const plan = examplePlan(3, 997);
  const timed = <T>(action: () => T): [T, number] => {
    const start = performance.now();
    return [action(), (performance.now() - start) / 1000];
  };
  const [first, issuing] = timed(() => ensurePki(plan, dir, new Date()));
  const [again, checking] = timed(() => ensurePki(plan, dir, new Date()));
  expect(again).toEqual(first);
  const count = plan.certificates.length;
  console.log(
    `${count} certificates: issued in ${issuing.toFixed(2)} s, checked in ${checking.toFixed(2)} s`,
  );
  expect(issuing).toBeLessThan(60);
  expect(checking).toBeLessThan(5);
});

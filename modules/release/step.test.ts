import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { LandfallError } from "../spec/error.ts";
import { buildSteps, defineStep, isBuilt, outputPath, type Step } from "./step.ts";
import type { BuildOptions, ProgressEvent, Run } from "./types.ts";

let cacheDir: string;
beforeEach(() => {
  cacheDir = mkdtempSync(join(tmpdir(), "landfall-step-"));
});
afterEach(() => rmSync(cacheDir, { recursive: true }));

const run: Run = () => Promise.reject(new Error("no program is run here"));
const options = (more: Partial<BuildOptions> = {}): BuildOptions => ({ cacheDir, run, ...more });

function writing(name: string, text: string, needs: readonly Step[] = [], built: string[] = []): Step {
  return defineStep(name, text, needs, async ({ out }) => {
    built.push(name);
    writeFileSync(join(out, "file"), text);
  });
}

test("a key changes with inputs, name and the steps below, and with nothing else", () => {
  const base = writing("base", "1");
  const keys = [
    writing("top", "a", [base]),
    writing("top", "b", [base]),
    writing("other", "a", [base]),
    writing("top", "a", [writing("base", "2")]),
    writing("top", "a"),
  ].map((step) => step.key);
  expect(new Set(keys).size).toBe(keys.length);
  expect(writing("top", "a", [writing("base", "1")]).key).toBe(keys[0]);
});

test("each step is done once, those that others need first, and a second build does nothing", async () => {
  const built: string[] = [];
  const graph = () => {
    const base = writing("base", "1", [], built);
    // The same work, described twice.
    const again = writing("base", "1", [], built);
    return writing(
      "top",
      "a",
      [writing("left", "l", [base], built), writing("right", "r", [again], built)],
      built,
    );
  };
  await buildSteps([graph()], options());
  expect(built.filter((name) => name === "base")).toEqual(["base"]);
  expect(built[0]).toBe("base");
  expect(built.at(-1)).toBe("top");

  built.length = 0;
  const events: ProgressEvent[] = [];
  await buildSteps([graph()], options({ progress: (event) => events.push(event) }));
  expect(built).toEqual([]);
  expect(events.map(({ step, state, left }) => ({ step, state, left }))).toEqual([
    { step: "top", state: "cached", left: 0 },
  ]);
});

test("what a built step was made of may be gone", async () => {
  const built: string[] = [];
  const base = writing("base", "1", [], built);
  const top = writing("top", "a", [base], built);
  await buildSteps([top], options());
  rmSync(outputPath(base, cacheDir), { recursive: true });
  built.length = 0;
  await buildSteps([top], options());
  expect(built).toEqual([]);
});

test("a step that fails leaves nothing, says which it was, and can be done again", async () => {
  let broken = true;
  const step = defineStep("fragile", 1, [], async ({ out }) => {
    writeFileSync(join(out, "half"), "");
    if (broken) throw new LandfallError("build-failed", "the disk is full");
  });
  await expect(buildSteps([step], options())).rejects.toMatchObject({
    code: "build-failed",
    message: "fragile: the disk is full",
  });
  expect(isBuilt(step, cacheDir)).toBe(false);
  expect(readdirSync(join(cacheDir, "tmp"))).toEqual([]);
  broken = false;
  await buildSteps([step], options());
  expect(existsSync(join(outputPath(step, cacheDir), "half"))).toBe(true);
});

test("two builds at once share the work", async () => {
  const built: string[] = [];
  let finish = () => {};
  const gate = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const slow = () =>
    defineStep("slow", 1, [], async ({ out }) => {
      built.push("slow");
      await gate;
      writeFileSync(join(out, "file"), "whole");
    });
  // One of them works; the other says that it waits.
  const progress = ({ state }: ProgressEvent) => {
    if (state === "line") finish();
  };
  await Promise.all([
    buildSteps([slow()], options({ progress })),
    buildSteps([slow()], options({ progress })),
  ]);
  expect(built).toEqual(["slow"]);
  expect(readFileSync(join(outputPath(slow(), cacheDir), "file"), "utf8")).toBe("whole");
});

test("a build that was called off starts nothing", async () => {
  const built: string[] = [];
  const building = buildSteps([writing("step", "1", [], built)], options({ signal: AbortSignal.abort() }));
  await expect(building).rejects.toMatchObject({ code: "build-cancelled" });
  expect(built).toEqual([]);
});

// A build is a graph of steps. A step is keyed by what goes into it, done once, and appears in the cache whole or not at all.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, renameSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { LandfallError } from "../spec/error.ts";
import { lockFile } from "./lock.ts";
import type { BuildOptions, Run } from "./types.ts";

export interface Step {
  readonly name: string;
  /** Sixteen hex digits: a hash of the step's inputs and of the keys of the steps that it needs. */
  readonly key: string;
  readonly needs: readonly Step[];
  readonly build: (context: StepContext) => Promise<void>;
}

export interface StepContext {
  /** Empty folder; what is in it at the end is the step's output. */
  readonly out: string;
  /** Runs a program; its lines are shown as progress and it ends with the build. */
  readonly run: Run;
  /** Output folder of a step that this one needs. */
  readonly outputOf: (step: Step) => string;
  readonly options: BuildOptions;
}

/** @param inputs everything that changes the output: versions, texts of recipes, flags. Must be JSON-safe. */
export function defineStep(
  name: string,
  inputs: unknown,
  needs: readonly Step[],
  build: (context: StepContext) => Promise<void>,
): Step {
  const text = JSON.stringify([name, inputs, needs.map((step) => step.key)]);
  return { name, key: createHash("sha256").update(text).digest("hex").slice(0, 16), needs, build };
}

/** Where a step's output is, or will be. */
export function outputPath(step: Step, cacheDir: string): string {
  return join(cacheDir, "steps", identity(step));
}

export function isBuilt(step: Step, cacheDir: string): boolean {
  return existsSync(outputPath(step, cacheDir));
}

/**
 * Builds the steps and all that they need, each once; two at a time, since one often waits for the network or for one core.
 * A step whose output is there needs nothing: what it was made of may be gone.
 */
export async function buildSteps(targets: readonly Step[], options: BuildOptions): Promise<void> {
  const order = missing(targets, options.cacheDir);
  for (const step of targets) {
    if (!order.has(identity(step))) emit(options, step, "cached", "in the cache", 0, order.size);
  }
  const started = new Map<string, Promise<void>>();
  const slots = new Slots(2);
  let left = order.size;
  const start = (step: Step): Promise<void> => {
    const running = started.get(identity(step));
    if (running !== undefined) return running;
    const work = (async () => {
      await Promise.all(step.needs.filter((need) => order.has(identity(need))).map(start));
      await slots.use(async () => {
        await buildOne(step, options, () => left);
        left -= 1;
      });
    })();
    started.set(identity(step), work);
    return work;
  };
  // All are waited for, so that nothing still runs when a failure is reported.
  const results = await Promise.allSettled([...order.values()].map(start));
  const failed = results.find((result) => result.status === "rejected");
  if (failed !== undefined) throw failed.reason;
}

/** Steps to build by identity, those that others need first. */
function missing(targets: readonly Step[], cacheDir: string): Map<string, Step> {
  const order = new Map<string, Step>();
  const visit = (step: Step) => {
    if (order.has(identity(step)) || isBuilt(step, cacheDir)) return;
    step.needs.forEach(visit);
    order.set(identity(step), step);
  };
  targets.forEach(visit);
  return order;
}

/** The same work may be described twice; it is done once. */
function identity(step: Step): string {
  return `${step.name}-${step.key}`;
}

async function buildOne(step: Step, options: BuildOptions, left: () => number): Promise<void> {
  const target = outputPath(step, options.cacheDir);
  if (options.signal?.aborted) throw new LandfallError("build-cancelled", `stopped before ${step.name}`);
  const began = performance.now();
  const elapsed = () => (performance.now() - began) / 1000;
  const say = (state: "start" | "line" | "done" | "cached", detail: string) =>
    emit(
      options,
      step,
      state,
      detail,
      elapsed(),
      state === "done" || state === "cached" ? left() - 1 : left(),
    );

  mkdirSync(join(options.cacheDir, "steps"), { recursive: true });
  mkdirSync(join(options.cacheDir, "locks"), { recursive: true });
  mkdirSync(join(options.cacheDir, "tmp"), { recursive: true });
  const lock = await lockFile(join(options.cacheDir, "locks", identity(step)), {
    onWait: () => say("line", "another build is at it; waiting for that one"),
    ...(options.signal !== undefined && { signal: options.signal }),
  });
  const out = join(options.cacheDir, "tmp", identity(step));
  let last = "";
  const pulse = setInterval(() => say("line", last), 3000);
  try {
    if (existsSync(target)) return say("cached", "built meanwhile");
    say("start", "");
    await rm(out, { recursive: true, force: true, maxRetries: 5 });
    mkdirSync(out);
    const run: Run = (program, args, own = {}) =>
      options.run(program, args, {
        ...(options.signal !== undefined && { signal: options.signal }),
        ...own,
        onLine: (line) => {
          last = line;
          own.onLine?.(line);
        },
      });
    await step.build({ out, run, options, outputOf: (need) => outputPath(need, options.cacheDir) });
    renameSync(out, target);
    say("done", `${elapsed().toFixed(1)} s`);
  } catch (error) {
    if (error instanceof LandfallError) {
      throw new LandfallError(error.code, `${step.name}: ${error.message}`, {
        ...error.details,
        cause: error,
      });
    }
    throw error;
  } finally {
    clearInterval(pulse);
    await rm(out, { recursive: true, force: true, maxRetries: 5 });
    await lock.release();
  }
}

function emit(
  options: BuildOptions,
  step: Step,
  state: "start" | "line" | "done" | "cached",
  detail: string,
  elapsed: number,
  left: number,
): void {
  options.progress?.({ step: step.name, state, detail, elapsed, left });
}

/** Lets so many run at a time. */
class Slots {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(count: number) {
    this.#free = count;
  }

  async use<T>(work: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next !== undefined) next();
      else this.#free += 1;
    }
  }
}

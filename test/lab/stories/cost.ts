// What a lab costs its computer.
import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "vitest";
import { processesOf, read } from "../harness/computer.ts";
import type { Rack } from "../harness/rack.ts";
import { tell } from "../harness/story.ts";

const gibibyte = 2 ** 30;
const idleSeconds = 20;

/** Bytes: processes' own memory, by control group; and all that is mapped, a page that many share counted once (PSS). */
export async function memoryOf(rack: Rack): Promise<{ memory: number; mapped: number }> {
  const usage = await rack.lab.usage();
  const kibibytes = processesOf(rack.project.name, rack.project.root).map(({ pid }) =>
    Number(/^Pss: +(\d+) kB$/m.exec(read(`/proc/${pid}/smaps_rollup`))?.[1] ?? 0),
  );
  return {
    memory: Object.values(usage).reduce((sum, part) => sum + part.memory, 0),
    mapped: kibibytes.reduce((sum, size) => sum + size, 0) * 1024,
  };
}

export function mebibytes(bytes: number): string {
  return `${Math.round(bytes / 2 ** 20)} MiB`;
}

export function cost(rack: () => Rack): void {
  test("3 + 2 machines take less than 4 GiB, and less than half a core when idle", async () => {
    const { memory, mapped } = await memoryOf(rack());
    tell("memory of a lab of 3 + 2", `${mebibytes(memory)}; with mapped files ${mebibytes(mapped)}`);
    expect(memory).toBeGreaterThan(0.3 * gibibyte);
    expect(memory).toBeLessThan(4 * gibibyte);
    expect(mapped).toBeGreaterThan(memory / 2);
    expect(mapped).toBeLessThan(4 * gibibyte);

    const seconds = async () =>
      Object.values(await rack().lab.usage()).reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0);
    const before = await seconds();
    // The one thing here that is a span of time, and no condition.
    await delay(idleSeconds * 1000);
    const cores = ((await seconds()) - before) / idleSeconds;
    tell("idle lab of 3 + 2", `${cores.toFixed(2)} cores`);
    expect(cores).toBeLessThan(0.5);
  });
}

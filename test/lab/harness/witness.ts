// Sees what processes show of themselves to everybody who looks: command lines and environments, while something runs.
import { setTimeout as delay } from "node:timers/promises";
import { processesOf, read } from "./computer.ts";
import type { Place } from "./secrets.ts";

/** Looks ten times a second at the processes of a lab and its project until `work` has ended. */
export async function watchProcesses<T>(
  site: string,
  root: string,
  work: Promise<T>,
): Promise<{ result: T; places: Place[] }> {
  const seen = new Map<string, Place>();
  let over = false;
  const result = work.finally(() => {
    over = true;
  });
  while (!over) {
    for (const { pid, what } of processesOf(site, root)) {
      const text = `${what}\n${read(`/proc/${pid}/environ`).replaceAll("\0", "\n")}`;
      if (!seen.has(text))
        seen.set(text, { where: `process ${what.slice(0, 200)}`, bytes: Buffer.from(text, "latin1") });
    }
    await Promise.race([delay(100), result.catch(() => {})]);
  }
  return { result: await result, places: [...seen.values()] };
}

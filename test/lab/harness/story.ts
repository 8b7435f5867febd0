// One rack for all stories of a file, and its consoles beside whatever fails.
import { afterAll, afterEach, beforeAll } from "vitest";
import type { ProjectOptions } from "./project.ts";
import { openRack, type Rack } from "./rack.ts";

/** Opens a rack before the stories of this file and takes it down after them. The rack is there inside tests only. */
export function useRack(options: ProjectOptions): () => Rack {
  let rack: Rack | undefined;
  beforeAll(async () => {
    rack = await openRack(options);
  });
  afterEach(({ task }) => {
    if (task.result?.state !== "fail") return;
    // At once, and not only when the whole file has ended: a rack takes minutes.
    for (const { message } of task.result.errors ?? []) console.error(`failed: ${message}`);
    console.error(rack?.lastWords());
  });
  afterAll(async () => {
    await rack?.down();
  });
  return () => {
    if (rack === undefined) throw new Error("the rack is not open yet");
    return rack;
  };
}

/** A number for the README, on a line that can be found. */
export function tell(what: string, value: string): void {
  console.log(`[measured] ${what}: ${value}`);
}

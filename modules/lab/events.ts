// When each machine reached each stage, by the daemon's clock: what the report of a landing is made of.
import { appendFileSync, existsSync, readFileSync } from "node:fs";

export interface StageEvent {
  /** ISO 8601, UTC, milliseconds. */
  readonly time: string;
  readonly machine: string;
  /** power, firmware, boot, install, ignition, system, off, or what else the machine's console announces. */
  readonly stage: string;
}

export class EventLog {
  readonly #path: string;
  readonly #now: () => Date;

  constructor(path: string, now: () => Date) {
    this.#path = path;
    this.#now = now;
  }

  add(machine: string, stage: string): void {
    const event: StageEvent = { time: this.#now().toISOString(), machine, stage };
    appendFileSync(this.#path, `${JSON.stringify(event)}\n`, { mode: 0o600 });
  }
}

/** All events since the lab came up, in order. */
export function readEvents(path: string): StageEvent[] {
  if (!existsSync(path)) return [];
  return readFileSync(path, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as StageEvent);
}

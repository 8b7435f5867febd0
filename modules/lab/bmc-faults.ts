// Dice for the rack's BMCs, which in real racks fail, hang, and claim what they have not done.
import { createHash } from "node:crypto";

export interface BmcFaults {
  /** Share of calls that fail: an error, a connection that breaks, or no answer. */
  readonly errors: number;
  /** Share of changes that are claimed and not done. */
  readonly lies: number;
  readonly seed: number;
}

/** How often they fell. */
export interface Fallen {
  readonly calls: number;
  readonly failed: number;
  readonly lied: number;
}

/** What becomes of one call. */
export type Fate = "done" | "error" | "dropped" | "silence" | "lie";

const failures = ["error", "dropped", "silence"] as const;

/** One machine's dice: the same sequence for the same seed and name, whatever is asked of the others. */
export class FaultDice {
  readonly #name: string;
  #faults: BmcFaults | undefined;
  #random: () => number = () => 1;
  #fallen: Fallen = { calls: 0, failed: 0, lied: 0 };

  constructor(name: string) {
    this.#name = name;
  }

  /** Undefined: all calls are done. */
  set(faults: BmcFaults | undefined): void {
    this.#faults = faults;
    this.#fallen = { calls: 0, failed: 0, lied: 0 };
    const seed = createHash("sha256").update(`${faults?.seed} ${this.#name}`).digest().readInt32LE();
    this.#random = mulberry32(seed);
  }

  /** Since they were set. */
  get fallen(): Fallen {
    return this.#fallen;
  }

  roll(change: boolean): Fate {
    const fate = this.#fate(change);
    const { calls, failed, lied } = this.#fallen;
    this.#fallen = {
      calls: calls + 1,
      failed: failed + (fate === "done" || fate === "lie" ? 0 : 1),
      lied: lied + (fate === "lie" ? 1 : 0),
    };
    return fate;
  }

  #fate(change: boolean): Fate {
    if (this.#faults === undefined) return "done";
    const { errors, lies } = this.#faults;
    if (this.#random() < errors) return failures[Math.floor(this.#random() * failures.length)] ?? "error";
    return change && this.#random() < lies ? "lie" : "done";
  }
}

/** From 0 up to 1; small, and the same everywhere. */
function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

// One thread of many actors, of whom one takes a step at a time. Every decision comes from a list of numbers, so that a
// run can be repeated, and shrunk: where the list ends, nothing goes wrong any more and everyone has their turn.

/** One life of an actor: ends with a power cut or a crash, and whatever it was about to do is not done. */
export interface Life {
  ended: boolean;
}

/** Thrown where a life has ended. */
export class Ended extends Error {}

/** What a run has shown that must not be. */
export class Violation extends Error {}

interface Waiting {
  readonly life: Life;
  readonly go: () => void;
  readonly end: (reason: Ended) => void;
}

export class Simulation {
  private readonly choices: readonly number[];
  private taken = 0;
  private waiting: Waiting[] = [];
  private violation: Violation | undefined;
  /** Seconds since the start, of the world's true clock. */
  seconds = 0;
  readonly log: string[] = [];

  constructor(choices: readonly number[]) {
    this.choices = choices;
  }

  /** From 0 up to `below`; 0 is what happens when all is well. */
  choose(below: number): number {
    return (this.choices[this.taken++] ?? 0) % below;
  }

  get calm(): boolean {
    return this.taken >= this.choices.length;
  }

  say(line: string): void {
    this.log.push(`${this.seconds}: ${line}`);
  }

  /** Kept until the run looks: whoever caused it may catch what is thrown. */
  violate(what: string): void {
    this.say(`VIOLATION: ${what}`);
    this.violation ??= new Violation(what);
  }

  /** Until it is this actor's turn. */
  step(life: Life): Promise<void> {
    if (life.ended) return Promise.reject(new Ended());
    return new Promise((go, end) => this.waiting.push({ life, go, end }));
  }

  end(life: Life): void {
    life.ended = true;
    const over = this.waiting.filter((each) => each.life === life);
    this.waiting = this.waiting.filter((each) => each.life !== life);
    for (const { end } of over) end(new Ended());
  }

  /** Starts an actor; that its life ends is no error, anything else that it throws is. */
  start(act: () => Promise<void>): void {
    act().catch((error) => {
      if (!(error instanceof Ended))
        this.violate(`an actor failed: ${error instanceof Error ? error.stack : error}`);
    });
  }

  /**
   * Lets actors take steps, `between` any two of which something may happen, until `done`.
   * @throws {Violation} also when it takes more than `most` steps after the last choice.
   */
  async run(done: () => boolean, between: () => void, most: number): Promise<void> {
    for (let calmSteps = 0; ; ) {
      await new Promise(setImmediate);
      if (this.violation !== undefined) throw this.violation;
      if (this.calm) {
        if (done()) return;
        if (++calmSteps > most)
          throw new Violation(`not at its end after ${most} steps in which nothing failed`);
      }
      between();
      await new Promise(setImmediate);
      const [next] = this.waiting.splice(this.choose(this.waiting.length || 1), 1);
      if (next === undefined) continue;
      this.seconds += 1;
      next.go();
    }
  }
}

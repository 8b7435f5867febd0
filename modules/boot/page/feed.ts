// What changed on the page since when. Only the last state of each fragment is kept, so what a client is owed is
// bounded by the page, however long it slept.
import type { Fragment } from "./document.ts";

/** `reset`: what the page is made of has changed, so that it is fetched again whole. */
export type Owed = "nothing" | "reset" | { readonly fragments: readonly Fragment[] };

export class Feed {
  /** Of this process: after a restart, numbers begin anew. */
  readonly #epoch: string;
  readonly #kept = new Map<string, { html: string; number: number }>();
  #number = 0;
  #structure = 0;
  #last: { from: number; to: number; owed: Owed } | undefined;

  constructor(epoch: string) {
    this.#epoch = epoch;
  }

  /** Names the state that was taken in last; goes to the client with it, and comes back as Last-Event-ID. */
  get version(): string {
    return `${this.#epoch}.${this.#number}`;
  }

  /** @returns whether anything changed. */
  take(fragments: readonly Fragment[]): boolean {
    const next = this.#number + 1;
    const ids = [...this.#kept.keys()];
    const moved = ids.length !== fragments.length || fragments.some(({ id }, index) => ids[index] !== id);
    if (moved) {
      const old = new Map(this.#kept);
      this.#kept.clear();
      for (const { id, html } of fragments) {
        const number = old.get(id)?.html === html ? (old.get(id)?.number ?? next) : next;
        this.#kept.set(id, { html, number });
      }
      this.#structure = next;
      this.#number = next;
      return true;
    }
    let changed = false;
    for (const { id, html } of fragments) {
      const kept = this.#kept.get(id);
      if (kept === undefined || kept.html === html) continue;
      kept.html = html;
      kept.number = next;
      changed = true;
    }
    if (changed) this.#number = next;
    return changed;
  }

  /** What a client that has `version` lacks. A version of another process, or none at all, gets the whole. */
  owed(version: string | undefined): Owed {
    const [epoch, number = ""] = version?.split(".") ?? [];
    const from = Number(number);
    if (epoch !== this.#epoch || !/^\d{1,15}$/.test(number) || from > this.#number) return "reset";
    if (from === this.#number) return "nothing";
    // Clients mostly ask from the same place: one answer, made once, kept once.
    if (this.#last?.from !== from || this.#last.to !== this.#number) {
      this.#last = { from, to: this.#number, owed: this.#owedFrom(from) };
    }
    return this.#last.owed;
  }

  #owedFrom(from: number): Owed {
    if (from < this.#structure) return "reset";
    const fragments = [...this.#kept].filter(([, { number }]) => number > from);
    return { fragments: fragments.map(([id, { html }]) => ({ id, html })) };
  }
}

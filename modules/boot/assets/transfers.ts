// How files get onto sockets: many at once, in turn, through few buffers.
import { read } from "node:fs";
import type { ServerResponse } from "node:http";

export interface TransferLimits {
  /** Transfers at once; what comes after waits in line. Default: 512. */
  readonly transfers?: number;
  /** Bytes that a transfer reads and writes in its turn. Default: 256 KiB. */
  readonly turn?: number;
  /** Buffers of that size in use at once, those of slow readers not counted. Default: 32. */
  readonly buffers?: number;
  /** A reader that has not taken its turn's bytes by then keeps its buffer, and no other waits for it. Default: 250 ms. */
  readonly slowAfter?: number;
  /** A reader that takes nothing for so long is cut off. Default: 60 s. */
  readonly cutAfter?: number;
}

/** Bytes as they are, or of the file. */
export type Piece = Uint8Array | { readonly start: number; readonly length: number };

interface Writing {
  readonly since: number;
  readonly slow: () => void;
  readonly cut: () => void;
}

/** At most `transfers` + `buffers` turns of memory, whoever reads how slowly. */
export class Transfers {
  private readonly limits: Required<TransferLimits>;
  private readonly free: Buffer[] = [];
  private buffersLeft: number;
  private transfersLeft: number;
  private readonly forBuffer: Line<void> = new Line();
  private readonly forTransfer: Line<void> = new Line();
  private readonly writing = new Set<Writing>();
  private sweeper: NodeJS.Timeout | undefined;

  constructor(limits: TransferLimits = {}) {
    this.limits = {
      transfers: 512,
      turn: 256 * 1024,
      buffers: 32,
      slowAfter: 250,
      cutAfter: 60_000,
      ...limits,
    };
    this.buffersLeft = this.limits.buffers;
    this.transfersLeft = this.limits.transfers;
  }

  /** Bytes of buffers that are in use, or kept for the next turns. */
  get memory(): number {
    return (this.free.length + this.inUse) * this.limits.turn;
  }
  private inUse = 0;

  /** Waits for a place, runs `body`, and gives the place back. */
  async withPlace(body: () => Promise<void>): Promise<void> {
    if (this.transfersLeft > 0) this.transfersLeft -= 1;
    else await this.forTransfer.wait();
    try {
      await body();
    } finally {
      if (!this.forTransfer.release()) this.transfersLeft += 1;
    }
  }

  /** Writes the pieces; the response's headers are written, its end is not. A reader that goes away ends it. */
  async send(fd: number, pieces: readonly Piece[], response: ServerResponse): Promise<void> {
    for (const piece of pieces) {
      if (piece instanceof Uint8Array) {
        response.write(piece);
        continue;
      }
      let { start, length } = piece;
      while (length > 0 && !response.destroyed) {
        const sent = await this.turn(fd, start, length, response);
        start += sent;
        length -= sent;
      }
    }
  }

  /** One buffer full. Turns are taken in the order in which they were asked for. */
  private async turn(fd: number, start: number, length: number, response: ServerResponse): Promise<number> {
    if (this.buffersLeft > 0) this.buffersLeft -= 1;
    else await this.forBuffer.wait();
    const buffer = this.free.pop() ?? Buffer.allocUnsafeSlow(this.limits.turn);
    this.inUse += 1;
    let counted = true;
    const uncount = () => {
      if (counted && !this.forBuffer.release()) this.buffersLeft += 1;
      counted = false;
    };
    try {
      const got = await readInto(fd, buffer, Math.min(length, buffer.length), start);
      // The file has become shorter than was promised: the reader must not take this for the whole.
      if (got === 0) response.destroy();
      else await this.written(response, buffer.subarray(0, got), uncount);
      return got === 0 ? length : got;
    } finally {
      this.inUse -= 1;
      if (this.free.length < this.limits.buffers) this.free.push(buffer);
      uncount();
    }
  }

  private written(response: ServerResponse, bytes: Uint8Array, slow: () => void): Promise<void> {
    return new Promise((resolve) => {
      const writing: Writing = { since: performance.now(), slow, cut: () => response.destroy() };
      const done = () => {
        response.off("close", done);
        this.writing.delete(writing);
        resolve();
      };
      this.writing.add(writing);
      this.sweeper ??= setInterval(() => this.sweep(), this.limits.slowAfter).unref();
      response.once("close", done);
      if (response.destroyed) done();
      else response.write(bytes, done);
    });
  }

  private sweep(): void {
    const now = performance.now();
    for (const { since, slow, cut } of this.writing) {
      if (now - since >= this.limits.cutAfter) cut();
      else if (now - since >= this.limits.slowAfter) slow();
    }
    if (this.writing.size > 0) return;
    clearInterval(this.sweeper);
    this.sweeper = undefined;
  }
}

/** Who waits, first come first. */
class Line<T> {
  private waiting: ((value: T) => void)[] = [];
  private next = 0;

  wait(): Promise<T> {
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  /** Hands over to the first in line; false where nobody waits. */
  release(this: Line<void>): boolean {
    if (this.next === this.waiting.length) return false;
    const first = this.waiting[this.next++]!;
    if (this.next === this.waiting.length || this.next > 1024) {
      this.waiting = this.waiting.slice(this.next);
      this.next = 0;
    }
    first();
    return true;
  }
}

function readInto(fd: number, buffer: Buffer, length: number, position: number): Promise<number> {
  return new Promise((resolve, reject) => {
    read(fd, buffer, 0, length, position, (error, got) => (error === null ? resolve(got) : reject(error)));
  });
}

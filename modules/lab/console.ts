// What a machine or a service says, kept in a bounded file and read line by line as it comes.
import { closeSync, fstatSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from "node:fs";
import { dirname } from "node:path";

/** Bytes of one file; the one before is kept too. */
const maximumSize = 4 << 20;
const maximumLine = 4096;

export class ConsoleLog {
  readonly path: string;
  readonly #onLine: (line: string) => void;
  #fd: number;
  #size: number;
  #rest = "";

  /** @param onLine gets each complete line without its end. */
  constructor(path: string, onLine: (line: string) => void = () => {}) {
    mkdirSync(dirname(path), { recursive: true });
    this.path = path;
    this.#onLine = onLine;
    this.#fd = openSync(path, "a", 0o600);
    this.#size = fstatSync(this.#fd).size;
  }

  write(chunk: string | Buffer): void {
    const bytes = typeof chunk === "string" ? Buffer.from(chunk) : chunk;
    if (this.#size + bytes.length > maximumSize) {
      closeSync(this.#fd);
      renameSync(this.path, `${this.path}.1`);
      this.#fd = openSync(this.path, "a", 0o600);
      this.#size = 0;
    }
    writeSync(this.#fd, bytes);
    this.#size += bytes.length;
    const lines = (this.#rest + bytes.toString("latin1")).split(/\r*\n/);
    this.#rest = lines.pop()!.slice(-maximumLine);
    for (const line of lines) this.#onLine(line);
  }

  /** A line of the lab's own, as firmware would print it. */
  say(line: string): void {
    this.write(`${line}\r\n`);
  }

  close(): void {
    closeSync(this.#fd);
  }
}

/** All that is kept of a console, oldest first; empty if there is nothing. */
export function readConsole(path: string): Buffer {
  return Buffer.concat([`${path}.1`, path].map(readIfThere));
}

function readIfThere(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch {
    return Buffer.alloc(0);
  }
}

/** The stage that a console line announces (`landfall: stage NAME`), if it does. */
export function stageOf(line: string): string | undefined {
  return /landfall: stage ([a-z0-9-]+)/.exec(line)?.[1];
}

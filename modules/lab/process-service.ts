// A program that the lab keeps running: started again when it dies, unless it was told to stop.
import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import { setTimeout as delay } from "node:timers/promises";
import { LandfallError } from "../spec/index.ts";
import type { ConsoleLog } from "./console.ts";

export interface ServiceOptions {
  readonly name: string;
  readonly argv: readonly string[];
  readonly log: ConsoleLog;
  /** A line of its output that says that it answers. */
  readonly ready: RegExp;
  readonly stdio?: SpawnOptions["stdio"];
  /** Called with each new process; one for which it rejects is killed, and started again. */
  readonly onStart?: (child: ChildProcess) => Promise<void>;
}

export type ServiceState = "running" | "stopped";

const readyTimeout = 20_000;
const restartDelay = 500;

export class ProcessService {
  readonly #options: ServiceOptions;
  #child: ChildProcess | undefined;
  #wanted = false;

  constructor(options: ServiceOptions) {
    this.#options = options;
  }

  get state(): ServiceState {
    return this.#child === undefined ? "stopped" : "running";
  }

  /**
   * Returns when it answers. No-op when it runs.
   * @throws LandfallError `service-not-ready` with what it said last.
   */
  async start(): Promise<void> {
    this.#wanted = true;
    if (this.#child === undefined) await this.#spawn();
  }

  /** Kills it, and returns when it is gone. */
  async stop(): Promise<void> {
    this.#wanted = false;
    const child = this.#child;
    if (child === undefined || child.exitCode !== null) return;
    const closed = new Promise((resolve) => child.once("close", resolve));
    child.kill("SIGKILL");
    await closed;
  }

  #spawn(): Promise<void> {
    const { name, argv, log, ready, stdio = ["ignore", "pipe", "pipe"], onStart } = this.#options;
    const child = spawn(argv[0]!, argv.slice(1), { stdio, env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin" } });
    this.#child = child;
    onStart?.(child).catch((error) => {
      log.say(`landfall-lab: ${name}: ${error instanceof Error ? error.message : String(error)}`);
      child.kill("SIGKILL");
    });
    return new Promise((resolve, reject) => {
      let said = "";
      let isReady = false;
      const timer = setTimeout(() => child.kill("SIGKILL"), readyTimeout);
      for (const stream of [child.stdout, child.stderr]) {
        stream?.on("data", (chunk: Buffer) => {
          log.write(chunk);
          if (isReady) return;
          said = `${said}${chunk}`.slice(-4000);
          if (!ready.test(said)) return;
          isReady = true;
          clearTimeout(timer);
          resolve();
        });
      }
      child.once("error", reject);
      child.once("close", (code, signal) => {
        clearTimeout(timer);
        this.#child = undefined;
        log.say(`landfall-lab: ${name} ended: ${signal ?? code}`);
        if (!isReady) {
          reject(
            new LandfallError("service-not-ready", `the lab's ${name} does not start`, {
              found: said.trim().slice(-800) || `exit ${code}`,
              expected: String(ready),
            }),
          );
        } else if (this.#wanted) void this.#again();
      });
    });
  }

  async #again(): Promise<void> {
    await delay(restartDelay);
    if (!this.#wanted || this.#child !== undefined) return;
    await this.#spawn().catch(() => this.#again());
  }
}

// One machine of the rack as its BMC sees it, whatever it is made of.
import type { ConsoleLog } from "./console.ts";

export type MachineKind = "nspawn" | "qemu";
export type PowerState = "On" | "Off";

export interface VirtualMachine {
  readonly name: string;
  readonly kind: MachineKind;
  readonly console: ConsoleLog;
  readonly power: PowerState;
  /** Boot from the network at the next power-on, once. */
  bootOnce: boolean;
  /** Takes power and never boots: a dead board behind a living BMC. */
  dead: boolean;
  /** Returns when there is power; booting goes on by itself. No-op when on. */
  powerOn(): Promise<void>;
  /** The honest power cut. Returns when nothing of the machine runs. No-op when off. */
  powerOff(): Promise<void>;
  /** First half of a power cut, for many at once: starts the death of all that runs, without waiting. */
  kill(): void;
}

/** How a run of a machine ended by itself: it switched itself off, it reboots, or it stands still with power on. */
export type RunEnd = "off" | "reboot" | "halted";

/** What a machine is made of. */
export interface MachineBody {
  readonly kind: MachineKind;
  /** Puts cables in and makes the control group; both anew. */
  plug(): Promise<void>;
  /** From reset to the end. Rejects when the signal aborts. */
  run(network: boolean, signal: AbortSignal): Promise<RunEnd>;
  kill(): void;
  /** Ends everything and pulls the cables. Idempotent. */
  unplug(): Promise<void>;
}

export class RackMachine implements VirtualMachine {
  readonly name: string;
  readonly console: ConsoleLog;
  bootOnce = false;
  dead = false;
  readonly #body: MachineBody;
  readonly #event: (stage: string) => void;
  #running: { readonly abort: AbortController } | undefined;
  /** Power actions go one after the other. */
  #queue: Promise<unknown> = Promise.resolve();

  constructor(name: string, body: MachineBody, console: ConsoleLog, event: (stage: string) => void) {
    this.name = name;
    this.console = console;
    this.#body = body;
    this.#event = event;
  }

  get kind(): MachineKind {
    return this.#body.kind;
  }

  get power(): PowerState {
    return this.#running === undefined ? "Off" : "On";
  }

  powerOn(): Promise<void> {
    return this.#next(async () => {
      if (this.#running !== undefined) return;
      const network = this.bootOnce;
      this.bootOnce = false;
      this.#event("power");
      const running = { abort: new AbortController() };
      this.#running = running;
      if (this.dead) return;
      try {
        await this.#body.plug();
      } catch (error) {
        this.#running = undefined;
        throw error;
      }
      void this.#live(network, running);
    });
  }

  powerOff(): Promise<void> {
    return this.#off(undefined);
  }

  /** @param only this run, not one that was started since. */
  #off(only: object | undefined): Promise<void> {
    return this.#next(async () => {
      if (this.#running === undefined || (only !== undefined && this.#running !== only)) return;
      this.#running.abort.abort();
      await this.#body.unplug();
      this.#running = undefined;
      this.#event("off");
    });
  }

  kill(): void {
    this.#running?.abort.abort();
    this.#body.kill();
  }

  async #live(network: boolean, running: { readonly abort: AbortController }): Promise<void> {
    const { signal } = running.abort;
    let fromNetwork = network;
    // Nobody waits for this: whatever goes wrong, the console has to say.
    try {
      for (;;) {
        const end = await this.#body.run(fromNetwork, signal);
        if (signal.aborted || end === "halted") return;
        if (end === "off") break;
        fromNetwork = this.bootOnce;
        this.bootOnce = false;
        this.#event("reboot");
      }
      await this.#off(running);
    } catch (error) {
      if (!signal.aborted)
        this.console.say(`landfall-lab: halted: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  #next(action: () => Promise<void>): Promise<void> {
    const done = this.#queue.then(action);
    this.#queue = done.catch(() => {});
    return done;
  }
}

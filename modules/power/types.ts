// One interface to any machine's power, whatever its management controller speaks.

export interface Power {
  /** `off` only when the controller says that power is fully off. */
  state(): Promise<"on" | "off">;
  /** Returns once the machine is on. A machine that is on stays as it is. */
  on(): Promise<void>;
  /** Cuts the power without asking the system; returns once it is off. */
  off(): Promise<void>;
  /** Off, then on, each of them verified. */
  cycle(): Promise<void>;
  /** The next start, and only that, is from the network. Returns once the controller says so. */
  bootFromNetworkOnce(): Promise<void>;
  /** What the machine printed on its serial console so far, or undefined where the controller keeps none. */
  console(): Promise<string | undefined>;
}

/** What drivers need of the world. */
export interface PowerDeps {
  /** As the global fetch. */
  readonly fetch: (url: string, init: PowerRequest) => Promise<PowerResponse>;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Text of a file. */
  readonly readFile: (path: string) => Promise<string>;
  /** Runs a command without a shell; its standard output. */
  readonly runCommand: (command: readonly string[]) => Promise<string>;
  readonly clock: Clock;
  /** From 0 up to 1; spreads retries. Default: Math.random. */
  readonly random?: () => number;
}

export interface Clock {
  /** Milliseconds. */
  readonly now: () => number;
  /** Rejects when the signal aborts. */
  readonly sleep: (milliseconds: number, signal?: AbortSignal) => Promise<void>;
}

export interface PowerRequest {
  readonly method: "GET" | "PATCH" | "POST";
  readonly headers: Record<string, string>;
  readonly body?: string;
  readonly signal: AbortSignal;
}

export interface PowerResponse {
  readonly status: number;
  readonly text: () => Promise<string>;
}

export interface PowerOptions {
  /** Seconds for each call, retries and read-backs included. Default: 120. */
  readonly timeoutSeconds?: number;
  /** Seconds that a controller gets to do what it accepted, before it is asked again. Default: 10. */
  readonly settleSeconds?: number;
  readonly signal?: AbortSignal;
}

// One interface to any machine's power, whatever its management controller speaks.

export interface Power {
  /** `off` only when the controller says that power is fully off; without a controller, when the machine is silent. */
  state(): Promise<"on" | "off">;
  /** Returns once the machine is on. A machine that is on stays as it is. */
  on(): Promise<void>;
  /** Cuts the power without asking the system; returns once it is off. */
  off(): Promise<void>;
  /** Off, then on, each of them verified. */
  cycle(): Promise<void>;
  /**
   * The next start, and only that, is from the network. Returns once the controller says so. A controller that knows no
   * single start, and a machine without one, starts from the network each time: what it then boots is the boot
   * service's to say.
   */
  bootFromNetworkOnce(): Promise<void>;
  /** What the machine printed on its serial console so far, or undefined where the controller keeps none. */
  console(): Promise<string | undefined>;
}

/** What drivers need of the world. */
export interface PowerDeps {
  /** As the global fetch, with its own trust in a certificate. */
  readonly fetch: (url: string, init: PowerRequest) => Promise<PowerResponse>;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Text of a file. */
  readonly readFile: (path: string) => Promise<string>;
  /** Runs a command without a shell; its standard output. Rejects with what it said on standard error. */
  readonly runCommand: (command: readonly string[], options?: CommandOptions) => Promise<string>;
  /** One UDP datagram; the address may be a broadcast address. */
  readonly sendPacket: (
    packet: Uint8Array,
    to: { readonly address: string; readonly port: number },
  ) => Promise<void>;
  /** Whether anything answers at a TCP port, be it with a refusal. Rejects when the signal aborts. */
  readonly answers: (address: string, port: number, signal: AbortSignal | undefined) => Promise<boolean>;
  /** Says to a person what to do. */
  readonly tell: (sentence: string) => void;
  /** Resolves when the person says that it is done. Undefined: nobody is there to say so. */
  readonly confirmed: ((signal: AbortSignal) => Promise<void>) | undefined;
  /** Waits for a turn to switch a machine on, and holds it for `switchOn`. Default: at once. */
  readonly takeTurn?: <T>(switchOn: () => Promise<T>, signal: AbortSignal | undefined) => Promise<T>;
  readonly clock: Clock;
  /** From 0 up to 1; spreads retries. Default: Math.random. */
  readonly random?: () => number;
}

export interface CommandOptions {
  /** Its standard input. Default: none. */
  readonly input?: string | undefined;
  /** Folder that it runs in. Default: this process's. */
  readonly folder?: string | undefined;
  readonly signal?: AbortSignal | undefined;
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
  /** Whose certificate is trusted. Default: public authorities'. */
  readonly trust?: Trust | undefined;
}

export type Trust =
  /** PEM of the authority that signed it. */
  | { readonly ca: string }
  /** SHA-256 of the certificate itself, 64 lower-case hex digits. */
  | { readonly fingerprint: string };

export interface PowerResponse {
  readonly status: number;
  readonly headers: { readonly get: (name: string) => string | null };
  readonly text: () => Promise<string>;
}

export interface PowerOptions {
  /** Seconds for each call, retries and read-backs included. Default: 120; for a machine without controller, its patience. */
  readonly timeoutSeconds?: number;
  /** Seconds that a controller gets to do what it accepted, before it is asked again. Default: 10. */
  readonly settleSeconds?: number;
  readonly signal?: AbortSignal;
}

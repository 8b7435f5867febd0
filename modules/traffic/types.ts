// One interface to whatever steers people's traffic between two versions of a cluster.
import type { Api } from "../kubernetes/index.ts";
import type { Clock, CommandOptions } from "../power/index.ts";
import type { TrafficPlan } from "./plan.ts";

/** `from` is blue, the older cluster; `to` is green. On the way back too. */
export type Side = "from" | "to";

export interface TrafficState {
  /** Percent of new connections that go to green. */
  readonly share: number;
  /** What was read, in a few words. */
  readonly shown: string;
  /** After a shift, clients may go where they went before for as many seconds: names are remembered. */
  readonly settleSeconds: number;
}

/** What a driver does. */
export interface Steering {
  /** The shares of green that it can do, rising; 0 and 100 are among them. */
  readonly shares: readonly number[];
  /** Whether connections that are open end when their cluster loses the traffic: then they are drained before. */
  readonly cutsConnections: boolean;
  /**
   * Read from what steers the traffic, each time.
   * @throws {LandfallError} `traffic-unknown` when what is read is neither blue nor green
   */
  readonly state: () => Promise<TrafficState>;
  /**
   * Returns once it is read back. At no moment does nobody get the traffic; where it is so already, nothing is written.
   * Interrupted, it may be called again.
   */
  readonly shift: (share: number) => Promise<void>;
  /** Rejects if the driver can see that a cluster does not answer. */
  readonly answers: (side: Side) => Promise<void>;
}

export interface Traffic extends Steering {
  readonly from: string;
  readonly to: string;
  /** Seconds that a cluster goes on serving what it has, once it gets nothing new. */
  readonly drainSeconds: number;
  /** Returns once the cluster answers. @throws {LandfallError} `traffic-not-ready` */
  readonly ready: (side: Side) => Promise<void>;
  /** Whether anybody is told when connections are to end. */
  readonly asksToDrain: boolean;
  /** Tells a cluster to end its connections gently. */
  readonly startDrain: (side: Side) => Promise<void>;
  readonly stopDrain: (side: Side) => Promise<void>;
}

/** What drivers need of the world. */
export interface TrafficDeps {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Text of a file. */
  readonly readFile: (path: string) => Promise<string>;
  /** Runs a command without a shell; its standard output. Rejects with what it said on standard error. */
  readonly runCommand: (command: readonly string[], options?: CommandOptions) => Promise<string>;
  /** What a DNS server answers for a name; nothing where it has none. Rejects when it gives no answer. */
  readonly resolve: (
    server: { readonly address: string; readonly port: number },
    name: string,
    type: "A" | "AAAA",
    signal: AbortSignal | undefined,
  ) => Promise<readonly DnsRecord[]>;
  /** Rejects unless a TCP connection is accepted. */
  readonly connect: (address: string, port: number, signal: AbortSignal | undefined) => Promise<void>;
  /** A client of a cluster's API; the same each time. */
  readonly api: (side: Side) => Api;
  readonly clock: Clock;
}

export interface DnsRecord {
  readonly address: string;
  /** Seconds. */
  readonly ttl: number;
}

export interface TrafficOptions {
  readonly plan: TrafficPlan;
  readonly deps: TrafficDeps;
  readonly signal?: AbortSignal | undefined;
}

// What deploy steps ask of the boot service.
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createGrpcTransport, Http2SessionManager } from "@connectrpc/connect-node";
import type { LandfallError } from "../../spec/error.ts";
import type { ReplacementReport } from "../fleet/index.ts";
import type { MachineEvent, MachineRecord, OrderKind } from "../machine/types.ts";
import { type Machine, Machines } from "./generated/landfall_pb.ts";
import { toRecord } from "./machine-message.ts";
import { toLandfallError } from "./refusal.ts";

export interface BootClientOptions {
  /** host:port, as Matchbox's provider takes it. */
  readonly endpoint: string;
  /** PEM. */
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
  /** Seconds for each call. Default: 10. */
  readonly timeoutSeconds?: number;
  /** Seconds in which a call is tried again while the service is not there or cannot write. Default: 60. */
  readonly patienceSeconds?: number;
  readonly signal?: AbortSignal;
}

export interface Landing {
  readonly mac: string;
  /** Cluster version, as lab-v1. */
  readonly cluster: string;
  readonly generation: string;
}

/** Each call may be repeated: it says what has to be true afterwards. All throw LandfallErrors. */
export interface BootClient {
  register(machine: Extract<MachineEvent, { type: "register" }>["machine"]): Promise<MachineRecord>;
  /**
   * @param order.seconds how long it waits for the machine's boot request
   * @throws {LandfallError} `already-installed`, `in-service`, `machine-taken`, `order-running`, `unknown-machine`
   */
  arm(order: Landing & { readonly kind: OrderKind; readonly seconds: number }): Promise<MachineRecord>;
  cancel(landing: Landing): Promise<MachineRecord>;
  release(landing: Landing): Promise<MachineRecord>;
  /** Undefined: not registered. */
  get(mac: string): Promise<MachineRecord | undefined>;
  list(): Promise<readonly MachineRecord[]>;
  /** Every machine, then each that changes, for as long as the service is there and nobody breaks off. */
  watch(signal?: AbortSignal): AsyncIterable<MachineRecord>;
  putConditions(cluster: string, report: unknown): Promise<void>;
  putReplacement(report: ReplacementReport): Promise<void>;
  /** A connection that is left open keeps the process. */
  close(): void;
}

export function bootClient(options: BootClientOptions): BootClient {
  const { endpoint, ca, cert, key, timeoutSeconds = 10, patienceSeconds = 60, signal } = options;
  const baseUrl = `https://${endpoint}`;
  const session = new Http2SessionManager(
    baseUrl,
    { pingIntervalMs: 10_000 },
    { ca, cert, key, minVersion: "TLSv1.2" },
  );
  const client = createClient(Machines, createGrpcTransport({ baseUrl, sessionManager: session }));
  const call = { timeoutMs: timeoutSeconds * 1000, ...(signal !== undefined && { signal }) };

  async function patiently<T>(action: () => Promise<T>): Promise<T> {
    const until = performance.now() + patienceSeconds * 1000;
    for (let pause = 100; ; pause = Math.min(pause * 2, 5_000)) {
      try {
        return await action();
      } catch (error) {
        signal?.throwIfAborted();
        if (!mayPass(error) || performance.now() + pause > until) throw toLandfallError(error, endpoint);
        await new Promise((resolve) => setTimeout(resolve, pause));
      }
    }
  }
  const machine = (action: () => Promise<Machine>) => patiently(async () => toRecord(await action()));

  return {
    register: (fields) => machine(() => client.register(given(fields), call)),
    arm: (order) => machine(() => client.arm(order, call)),
    cancel: (landing) => machine(() => client.cancel(landing, call)),
    release: (landing) => machine(() => client.release(landing, call)),
    async get(mac) {
      try {
        return await machine(() => client.get({ mac }, call));
      } catch (error) {
        if ((error as LandfallError).code === "unknown-machine") return undefined;
        throw error;
      }
    },
    list: () => patiently(async () => (await client.list({}, call)).machines.map(toRecord)),
    async *watch(until) {
      try {
        const signals = [signal, until].filter((each) => each !== undefined);
        for await (const message of client.watch({}, { signal: AbortSignal.any(signals) }))
          yield toRecord(message);
      } catch (error) {
        if (until?.aborted || signal?.aborted) return;
        throw toLandfallError(error, endpoint);
      }
    },
    putConditions: (cluster, report) =>
      patiently(async () => {
        await client.putConditions({ cluster, report: Buffer.from(JSON.stringify(report)) }, call);
      }),
    putReplacement: (report) =>
      patiently(async () => {
        const bytes = Buffer.from(JSON.stringify(report));
        await client.putReplacement({ cluster: report.green, report: bytes }, call);
      }),
    close: () => session.abort(),
  };
}

/** The service is starting, its disk is full, or the network is: all of that may be over in a moment. */
function mayPass(error: unknown): boolean {
  const { code } = ConnectError.from(error);
  return code === Code.Unavailable || code === Code.ResourceExhausted || code === Code.DeadlineExceeded;
}

/** Without fields that are there and undefined, which a message does not take. */
function given<T extends object>(fields: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };
}

// SSH to a machine's receiver.
import type { Duplex } from "node:stream";
import ssh2 from "ssh2";
import { LandfallError } from "../spec/index.ts";
import { openConnection } from "./connection.ts";
import { acceptHostKey, type HostKeyPolicy, hostKeyFingerprint } from "./host-key.ts";

export interface Session {
  /** Runs one command of the receiver. Rejects only if the connection breaks. */
  readonly run: (command: string, input?: Buffer) => Promise<CommandResult>;
  readonly close: () => void;
}

export interface CommandResult {
  readonly status: number | undefined;
  readonly output: string;
  readonly errors: string;
}

export interface SessionOptions extends HostKeyPolicy {
  readonly host: string;
  readonly port: number;
  readonly proxy: string | undefined;
  /** OpenSSH private key of the deployer. */
  readonly privateKey: string;
  readonly signal: AbortSignal | undefined;
}

// A machine that has no address yet drops the first packet: soon a new attempt is better than a long wait.
const connectSeconds = 1;
const handshakeSeconds = 30;
const commandSeconds = 120;
const outputLimit = 64 * 1024;

/** Connects, and checks the host key before anything of ours is sent. */
export async function openSession(options: SessionOptions): Promise<Session> {
  const connection = await connectInTime(options);
  const client = new ssh2.Client();
  let refusal: unknown;
  try {
    await new Promise<void>((resolve, reject) => {
      client.once("ready", resolve).once("error", reject);
      client.once("close", () => reject(new Error("the connection was closed during the handshake")));
      client.connect({
        sock: connection as never,
        username: "root",
        privateKey: options.privateKey,
        readyTimeout: handshakeSeconds * 1000,
        keepaliveInterval: 3000,
        keepaliveCountMax: 3,
        // The one that machines print on their console.
        algorithms: { serverHostKey: ["ssh-ed25519"] },
        hostVerifier: (key: Buffer, verdict: (accepted: boolean) => void) => {
          acceptHostKey(hostKeyFingerprint(key), options).then(
            () => verdict(true),
            (reason) => {
              refusal = reason;
              verdict(false);
            },
          );
        },
      });
    });
  } catch (error) {
    client.destroy();
    connection.destroy();
    if (refusal !== undefined) throw refusal;
    throw isAuthentication(error) ? keyRefused(options, error) : error;
  }
  // A connection that breaks later ends the commands that run on it; nobody else needs to hear of it.
  client.on("error", () => {});
  const abort = () => client.destroy();
  options.signal?.addEventListener("abort", abort);
  client.once("close", () => options.signal?.removeEventListener("abort", abort));
  return {
    run: (command, input) => run(client, command, input),
    // Not only ended: a machine that powers itself off never answers that, and would keep the process.
    close: () => client.destroy(),
  };
}

async function connectInTime({ host, port, proxy, signal }: SessionOptions): Promise<Duplex> {
  const late = new AbortController();
  const timer = setTimeout(
    () => late.abort(new Error(`no connection within ${connectSeconds} s`)),
    connectSeconds * 1000,
  );
  try {
    const either = AbortSignal.any([late.signal, ...(signal ? [signal] : [])]);
    return await openConnection({ host, port, proxy, signal: either });
  } catch (error) {
    throw late.signal.aborted ? late.signal.reason : error;
  } finally {
    clearTimeout(timer);
  }
}

function run(client: ssh2.Client, command: string, input?: Buffer): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new Error(`${command} took longer than ${commandSeconds} s`));
      client.destroy();
    }, commandSeconds * 1000);
    const broken = () => fail(new Error(`the connection broke during ${command}`));
    const fail = (error: Error) => {
      clearTimeout(timer);
      client.off("close", broken);
      reject(error);
    };
    client.once("close", broken);
    client.exec(command, (error, stream) => {
      if (error) {
        fail(error);
        return;
      }
      const output = collect(stream);
      const errors = collect(stream.stderr);
      stream.on("error", fail);
      stream.on("close", (status: number | undefined) => {
        clearTimeout(timer);
        client.off("close", broken);
        resolve({ status: status ?? undefined, output: output(), errors: errors() });
      });
      stream.end(input ?? "");
    });
  });
}

function collect(stream: NodeJS.ReadableStream): () => string {
  const chunks: Buffer[] = [];
  let length = 0;
  stream.on("data", (chunk: Buffer) => {
    if (length < outputLimit) chunks.push(chunk);
    length += chunk.length;
  });
  return () => Buffer.concat(chunks).toString("utf8").slice(0, outputLimit);
}

function isAuthentication(error: unknown): boolean {
  return error instanceof Error && "level" in error && error.level === "client-authentication";
}

function keyRefused({ machine }: SessionOptions, cause: unknown): LandfallError {
  return new LandfallError("delivery-key-refused", `${machine} does not know this cluster's delivery key`, {
    expected: `${machine} booted with this cluster's Ignition config`,
    next: `see ${machine}'s console for what it booted; another cluster, or an earlier landing, may still run on it`,
    cause,
  });
}

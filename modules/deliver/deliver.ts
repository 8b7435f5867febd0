// What the deployer asks of a machine's receiver. Everything here may be interrupted and run again.
import { type DeliveredFile, filesFingerprint, nameInDelivery } from "../pki/index.ts";
import { LandfallError } from "../spec/index.ts";
import { type CommandResult, openSession, type Session, type SessionOptions } from "./session.ts";
import { tar } from "./tar.ts";

/** How to reach a machine, and how to know it. */
export interface Target extends SessionOptions {
  /** Seconds until it must have answered and done what is asked. */
  readonly timeoutSeconds: number;
  /** What was last heard of it by other ways (console, stage), for the error when it stays silent. */
  readonly lastHeard: () => Promise<string>;
  /** Told of each new thing, at most once in a row. */
  readonly onProgress?: (progress: string) => void;
  readonly clock: {
    /** Milliseconds. */
    readonly now: () => number;
    /** Rejects when the signal aborts. */
    readonly sleep: (milliseconds: number, signal?: AbortSignal) => Promise<void>;
  };
  /** Default: SSH. */
  readonly open?: (options: SessionOptions) => Promise<Session>;
}

const retryMilliseconds = 250;
/**
 * What answers may still be going down (the system before), or its console be read late: a refusal counts once
 * it has stood this long.
 */
const graceMilliseconds = 10_000;

/**
 * Waits for the machine and hands it its files; all of them are put in force at once. Does nothing if the
 * machine has exactly them. Resolves to whether anything was sent.
 *
 * Errors: `machine-silent` (time-out), `host-key-wrong`, `host-key-changed`, `delivery-key-refused`, `delivery-refused`.
 */
export async function deliver(
  target: Target,
  files: readonly DeliveredFile[],
): Promise<{ changed: boolean }> {
  const fingerprint = filesFingerprint(files);
  const archive = archiveOf(files, fingerprint);
  return await withMachine(target, async (session) => {
    const has = await ask(target, session, "fingerprint");
    if (has === fingerprint) return { changed: false };
    target.onProgress?.("delivering");
    const said = await ask(target, session, "deliver", archive);
    if (said !== `landfall: delivered ${fingerprint}`) throw refused(target, "deliver", said);
    return { changed: true };
  });
}

/** Has the machine mark its disk as free for another cluster, and power itself off. */
export async function release(target: Target): Promise<void> {
  await withMachine(target, async (session) => {
    const said = await ask(target, session, "release");
    if (said !== "landfall: released") throw refused(target, "release", said);
  });
}

/** A few lines on how the machine is: what it was delivered, its uptime, its units. */
export async function status(target: Target): Promise<string> {
  return await withMachine(target, async (session) => (await checked(target, session, "status")).output);
}

/** Files first, the fingerprint last: an archive that was cut short lacks it. */
export function archiveOf(files: readonly DeliveredFile[], fingerprint: string): Buffer {
  return tar([
    ...files.map(({ path, mode, contents }) => ({ name: nameInDelivery(path), mode, contents })),
    { name: ".fingerprint", mode: 0o600, contents: Buffer.from(`${fingerprint}\n`) },
  ]);
}

async function withMachine<T>(target: Target, action: (session: Session) => Promise<T>): Promise<T> {
  const { clock, signal, open = openSession } = target;
  const deadline = clock.now() + target.timeoutSeconds * 1000;
  let pinned = target.pinned;
  const pin = async (key: string) => {
    await target.pin(key);
    pinned = key;
  };
  let refusedSince: number | undefined;
  let reported: string | undefined;
  for (;;) {
    signal?.throwIfAborted();
    try {
      const session = await open({ ...target, pinned, pin });
      try {
        return await action(session);
      } finally {
        session.close();
      }
    } catch (error) {
      signal?.throwIfAborted();
      const reason = error instanceof Error ? error.message : String(error);
      if (error instanceof LandfallError) {
        refusedSince ??= clock.now();
        if (clock.now() - refusedSince >= graceMilliseconds) throw error;
      } else refusedSince = undefined;
      if (clock.now() + retryMilliseconds > deadline) {
        if (error instanceof LandfallError) throw error;
        throw await silent(target, reason, error);
      }
      if (reason !== reported) target.onProgress?.(`waiting: ${reason}`);
      reported = reason;
    }
    await clock.sleep(retryMilliseconds, signal).catch((error: unknown) => {
      signal?.throwIfAborted();
      throw error;
    });
  }
}

/** The last line that the receiver answered. */
async function ask(target: Target, session: Session, command: string, input?: Buffer): Promise<string> {
  const { output } = await checked(target, session, command, input);
  return output.trimEnd().split("\n").at(-1) as string;
}

async function checked(
  target: Target,
  session: Session,
  command: string,
  input?: Buffer,
): Promise<CommandResult> {
  const result = await session.run(command, input);
  // Without a status it was cut off (power, sshd), which is no answer.
  if (result.status === undefined) throw new Error(`${command} was cut off`);
  if (result.status !== 0) throw refused(target, command, result.errors);
  return result;
}

function refused({ machine }: Target, command: string, said: string): LandfallError {
  return new LandfallError("delivery-refused", `${machine} refused to ${command}`, {
    found: said.trim().slice(-2000) || "no word of why",
    expected: "the receiver to do it and to confirm it",
    next: `see ${machine}'s console and disk space, then run this step again`,
  });
}

async function silent(target: Target, reason: string, cause: unknown): Promise<LandfallError> {
  const { machine, host, port, proxy, timeoutSeconds } = target;
  const heard = await target.lastHeard().catch((error: unknown) => `nothing (${error})`);
  const through = proxy === undefined ? "" : ` through ${new URL(proxy).host}`;
  return new LandfallError(
    "machine-silent",
    `${machine} has been silent for ${timeoutSeconds} s: ${reason}`,
    {
      found: `last heard of it: ${heard}`,
      expected: `SSH at ${host} port ${port}${through}`,
      next: `see ${machine}'s console; then run this step again, nothing is lost`,
      cause,
    },
  );
}

// The last snapshot of a cluster, from whichever member can give it, into its archive.
import { reason } from "../kubernetes/index.ts";
import { LandfallError } from "../spec/index.ts";
import type { EtcdPeer, Member } from "./etcd.ts";
import { readSnapshot } from "./snapshot.ts";
import { type WriteOptions, type Written, writeArchive } from "./write.ts";

export interface TakeOptions extends Omit<WriteOptions, "snapshot" | "onProgress"> {
  readonly etcd: EtcdPeer;
  /** Asked in this order; the first that sends a whole snapshot is enough. */
  readonly members: readonly Member[];
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
}

/**
 * Archives a running cluster. A member that fails in the middle costs its attempt, and no more.
 * @throws {LandfallError} `snapshot-failed` with what each member said, when none could give one.
 */
export async function takeArchive(options: TakeOptions): Promise<Written> {
  const { etcd, members, signal, say } = options;
  const failures: string[] = [];
  for (const member of members) {
    const attempt = new AbortController();
    const either = AbortSignal.any([signal, attempt.signal]);
    try {
      const revision = await fromEtcd(() => etcd.revision(member, either));
      const { size, chunks } = await fromEtcd(() => readSnapshot(etcd.snapshot(member, either)));
      say(`etcd's snapshot from ${member.name}: ${mebibytes(size)}, revision ${revision}`);
      const snapshot = { size, chunks: markFailures(chunks), member: member.name, revision };
      return await writeArchive({ ...options, snapshot, onProgress: tenths(member, say) });
    } catch (error) {
      signal.throwIfAborted();
      const failure = sourceFailure(error);
      if (failure === undefined) throw error;
      failures.push(`${member.name}: ${failure}`);
      say(`${member.name} gives no snapshot: ${failure}`);
    } finally {
      // What it still sends is for nobody.
      attempt.abort();
    }
  }
  throw new LandfallError(
    "snapshot-failed",
    `no master of ${options.subject.cluster} gives a snapshot of etcd`,
    {
      found: failures.join("\n"),
      expected: "one member of etcd that serves, and is in touch with a quorum",
      next: `npx landfall status ${options.subject.cluster} shows which are down; switch their machines on, then the same command again`,
    },
  );
}

/** What went wrong at the member: the next one may do better. Anything else (a full disk) is nobody's fault there. */
class SourceFailure extends Error {}

async function fromEtcd<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (cause) {
    throw new SourceFailure(explain(cause), { cause });
  }
}

async function* markFailures(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void> {
  try {
    yield* chunks;
  } catch (cause) {
    throw new SourceFailure(explain(cause), { cause });
  }
}

function sourceFailure(error: unknown): string | undefined {
  if (error instanceof SourceFailure) return error.message;
  return error instanceof LandfallError && error.code === "snapshot-damaged" ? explain(error) : undefined;
}

function explain(error: unknown): string {
  if (!(error instanceof LandfallError)) return reason(error);
  return error.details.found === undefined ? error.message : `${error.message}: ${error.details.found}`;
}

/** Says each tenth of a snapshot that takes more than a moment. */
function tenths(member: Member, say: (line: string) => void): (done: number, size: number) => void {
  let said = 0;
  return (done, size) => {
    const tenth = Math.floor((done / size) * 10);
    if (size < 64 * 1024 * 1024 || tenth <= said) return;
    said = tenth;
    say(`etcd's snapshot from ${member.name}: ${mebibytes(done)} of ${mebibytes(size)}`);
  };
}

function mebibytes(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
}

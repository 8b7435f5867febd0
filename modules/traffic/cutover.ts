// The order of a cut-over: who is to get traffic answers first, who loses it ends its connections in peace.
import type { Clock } from "../power/index.ts";
import { requireShare } from "./shares.ts";
import type { Side, Traffic, TrafficState } from "./types.ts";

export interface CutoverOptions {
  readonly traffic: Traffic;
  /** Percent of new connections that go to green in the end. */
  readonly share: number;
  readonly clock: Clock;
  /** Told what happens, and to which cluster. */
  readonly say: (cluster: string, text: string) => void;
  readonly signal?: AbortSignal | undefined;
}

export interface CutoverReport {
  readonly from: string;
  readonly to: string;
  /** Percent at green, before and now. */
  readonly before: number;
  readonly share: number;
  /** The cluster that gets nothing any more and may be stopped, or undefined while both get some. */
  readonly drained: string | undefined;
  /** Of each part, in the order in which they were done. */
  readonly seconds: Readonly<Partial<Record<Part, number>>>;
}

type Part = "ready" | "drain" | "shift" | "settle";

/**
 * Moves traffic, and returns when a cluster that gets none has drained. Interrupted at any moment, it may be called again,
 * for the same share or another: it reads where the traffic is, and waits out again what it cannot know to be over.
 */
export async function cutover(options: CutoverOptions): Promise<CutoverReport> {
  const { traffic, share, clock, say, signal } = options;
  const seconds: Partial<Record<Part, number>> = {};
  async function timed(part: Part, work: () => Promise<unknown>): Promise<void> {
    const start = clock.now();
    await work();
    seconds[part] = (seconds[part] ?? 0) + (clock.now() - start) / 1000;
  }
  const wait = async (part: Part, cluster: string, duration: number, why: string) => {
    if (duration === 0) return;
    say(cluster, `${why}: ${duration} s`);
    await timed(part, () => clock.sleep(duration * 1000, signal));
  };

  requireShare(share, traffic.shares);
  const before = await traffic.state();
  say(traffic.to, `has ${before.share} % of the traffic (${before.shown})`);
  const moves = before.share !== share;
  const loser = share === 100 ? "from" : share === 0 ? "to" : undefined;

  await timed("ready", async () => {
    for (const side of receivers(share)) {
      await traffic.stopDrain(side);
      if (!gains(side, before, share)) continue;
      say(traffic[side], "is asked whether it answers");
      await traffic.ready(side);
    }
  });
  const drain = async (side: Side) => {
    await timed("drain", () => traffic.startDrain(side));
    await wait("drain", traffic[side], traffic.drainSeconds, "ends the connections that it has");
  };
  // Where the shift would cut them, connections end before it: until then, new ones still find an answer here. Who is not
  // told to end them goes on as ever, and there is nothing to wait for.
  if (loser !== undefined && moves && traffic.cutsConnections && traffic.asksToDrain) await drain(loser);
  if (moves) {
    say(traffic.to, `is to get ${share} %`);
    await timed("shift", () => traffic.shift(share));
    say(traffic.to, `has ${share} %`);
  }
  const { settleSeconds } = await traffic.state();
  await wait(
    "settle",
    traffic[loser ?? "from"],
    Math.max(settleSeconds, before.settleSeconds),
    "may still be asked by those who remember the old answer",
  );
  if (loser !== undefined && !traffic.cutsConnections) await drain(loser);
  const drained = loser && traffic[loser];
  return { from: traffic.from, to: traffic.to, before: before.share, share, drained, seconds };
}

function receivers(share: number): readonly Side[] {
  const sides: readonly (readonly [Side, number])[] = [
    ["from", 100 - share],
    ["to", share],
  ];
  return sides.filter(([, part]) => part > 0).map(([side]) => side);
}

function gains(side: Side, before: TrafficState, share: number): boolean {
  return side === "to" ? share > before.share : share < before.share;
}

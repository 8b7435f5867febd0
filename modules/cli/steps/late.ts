// A machine that has not answered, long after it was started: a slow one is waited for, any other is started again, once.
import { setTimeout } from "node:timers/promises";

export interface LateMachine {
  /** Whether its last start is longer ago than a machine has to answer. */
  readonly isLate: () => boolean;
  /** Whether it is on its way all the same. */
  readonly isOnItsWay: () => Promise<boolean>;
  readonly restart: () => Promise<void>;
  readonly say: (text: string) => void;
  /** From one look to the next. Default: 10,000. */
  readonly lookMilliseconds?: number;
}

/**
 * Does what a late machine needs now. For one that is on its way it returns how to go on, beside whatever waits for the
 * machine: it ends when the machine had to be started again after all, or at the signal.
 */
export async function attendLate(
  machine: LateMachine,
): Promise<((signal: AbortSignal) => Promise<void>) | undefined> {
  if (!machine.isLate()) return undefined;
  if (!(await machine.isOnItsWay())) {
    await machine.restart();
    return undefined;
  }
  machine.say("slow, but on its way: waited for");
  return (signal) => attend(machine, signal);
}

async function attend(
  { isLate, isOnItsWay, restart, lookMilliseconds = 10_000 }: LateMachine,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    await setTimeout(lookMilliseconds, undefined, { signal }).catch(() => {});
    if (signal.aborted) return;
    // A boot service that does not answer says nothing against the machine.
    if (await isOnItsWay().catch(() => true)) continue;
    // Its console may have told of a failure meanwhile, for which it was started again.
    if (!signal.aborted && isLate()) await restart();
    return;
  }
}

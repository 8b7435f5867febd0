import { setTimeout as delay } from "node:timers/promises";
import { LandfallError } from "../spec/index.ts";
import { checkOne, type Result, withLastHeard } from "./check.ts";
import type { Condition, HealthContext } from "./condition.ts";
import { conditions as allConditions } from "./conditions/index.ts";

export interface WaitOptions {
  /** Default: the plan's timeouts.ready. */
  readonly timeoutSeconds?: number;
  /** Between two checks of a condition that does not hold yet. Default: 500 ms. */
  readonly intervalMs?: number;
  /** Called with all that was found so far, in the conditions' order, whenever something changed. */
  readonly onProgress?: (results: readonly Result[]) => void;
  readonly signal?: AbortSignal;
  readonly conditions?: readonly Condition[];
  /** Milliseconds. Default: the process' monotonic clock. */
  readonly now?: () => number;
  readonly sleep?: (milliseconds: number) => Promise<void>;
}

/**
 * Waits until all conditions hold at once. Each is checked at its own pace until it holds, so that a slow one delays no
 * other but those that rest on it; then all are checked together, and those that hold no more are waited for again.
 * @throws LandfallError `unhealthy`, naming the first condition that does not hold.
 */
export async function waitHealthy(
  context: HealthContext,
  options: WaitOptions = {},
): Promise<readonly Result[]> {
  const { signal, onProgress = () => {}, intervalMs = 500, conditions = allConditions } = options;
  const { timeoutSeconds = context.plan.timeouts.ready } = options;
  const now = options.now ?? (() => performance.now());
  const sleep = options.sleep ?? ((milliseconds) => delay(milliseconds, undefined, signal && { signal }));
  const deadline = now() + timeoutSeconds * 1000;
  const latest = new Map<Condition, Result>();

  const results = () =>
    conditions.map((condition) => latest.get(condition)).filter((result) => result !== undefined);

  async function check(condition: Condition): Promise<Result> {
    const result = await checkOne(condition, context, signal);
    const before = latest.get(condition);
    latest.set(condition, result);
    if (before?.ok !== result.ok || before.evidence !== result.evidence) onProgress(results());
    return result;
  }

  const pause = async () => {
    await sleep(intervalMs).catch(() => signal?.throwIfAborted());
    signal?.throwIfAborted();
  };
  const timeIsUp = () => now() + intervalMs > deadline;

  async function untilItHolds(condition: Condition, before: Promise<void> | undefined): Promise<void> {
    await before;
    while (!(await check(condition)).ok && !timeIsUp()) await pause();
  }

  for (let pending = conditions; ; ) {
    const turns = new Map<string, Promise<void>>();
    for (const condition of pending)
      turns.set(condition.name, untilItHolds(condition, turns.get(condition.after ?? "")));
    await Promise.all(turns.values());
    // What held a while ago may not hold now; only all at once is healthy.
    await Promise.all(conditions.map(check));
    pending = conditions.filter((condition) => !latest.get(condition)?.ok);
    if (pending.length === 0) return results();
    if (timeIsUp()) throw await unhealthy(context, pending, latest, timeoutSeconds);
    await pause();
  }
}

async function unhealthy(
  context: HealthContext,
  failing: readonly Condition[],
  latest: ReadonlyMap<Condition, Result>,
  timeoutSeconds: number,
): Promise<LandfallError> {
  const [first, ...others] = failing;
  const result = first && latest.get(first);
  // Whichever condition fails first: all machines that gave no sign of life are named, with what they last said.
  const silent = [...new Set(failing.flatMap((condition) => latest.get(condition)?.silent ?? []))];
  const { evidence = "never checked" } = result ? await withLastHeard(context, { ...result, silent }) : {};
  const also = others.length === 0 ? "" : ` Neither do: ${others.map(({ name }) => name).join(", ")}.`;
  return new LandfallError(
    "unhealthy",
    `${context.plan.cluster} is not healthy after ${timeoutSeconds} s: ${first?.name} does not hold: ${evidence}.${also}`,
    { found: evidence, expected: first?.describe ?? "", next: first?.next ?? "" },
  );
}

import { reason } from "../kubernetes/index.ts";
import type { Condition, Finding, HealthContext } from "./condition.ts";
import { conditions } from "./conditions/index.ts";

/** A condition and what was found of it. */
export interface Result extends Finding {
  readonly name: string;
  readonly describe: string;
}

/**
 * Checks everything once, at the same time.
 * @returns in the conditions' order; never rejects but for `signal`.
 */
export async function checkAll(
  context: HealthContext,
  options: { readonly conditions?: readonly Condition[]; readonly signal?: AbortSignal } = {},
): Promise<readonly Result[]> {
  const { signal } = options;
  return Promise.all(
    (options.conditions ?? conditions).map(async (condition) =>
      withLastHeard(context, await checkOne(condition, context, signal)),
    ),
  );
}

/** A check that fails is a condition that does not hold. */
export async function checkOne(
  condition: Condition,
  context: HealthContext,
  signal: AbortSignal | undefined,
): Promise<Result> {
  const { name, describe } = condition;
  try {
    return { name, describe, ...(await condition.check(context, signal)) };
  } catch (error) {
    signal?.throwIfAborted();
    return { name, describe, ok: false, evidence: reason(error) };
  }
}

/** Adds to the evidence what was last heard of machines that are silent. */
export async function withLastHeard(context: HealthContext, result: Result): Promise<Result> {
  if (result.ok || !result.silent?.length) return result;
  const heard = await Promise.all(
    result.silent.map(async (machine) => {
      const line = await context
        .lastHeard(machine)
        .catch((error: unknown) => `cannot be told: ${reason(error)}`);
      return `last heard of ${machine}: ${line}`;
    }),
  );
  return { ...result, evidence: [result.evidence, ...heard].join("; ") };
}

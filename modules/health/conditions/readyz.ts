import { type Api, reason } from "../../kubernetes/index.ts";
import type { Problem } from "../condition.ts";

/** Asks one server's health path; undefined if it is ready. */
export async function ready(
  api: Api,
  path: string,
  signal: AbortSignal | undefined,
): Promise<Problem | undefined> {
  try {
    const { status, body } = await api.request({ path, timeoutMs: 3000, signal });
    if (status === 200) return undefined;
    // `[-]NAME failed: reason withheld` is how apiservers list what is not ready.
    const failed = [...body.matchAll(/^\[-\](\S+)/gm)].map(([, name]) => name);
    return { what: failed.length > 0 ? `not ready: ${failed.join(", ")}` : `answers ${status}` };
  } catch (error) {
    return { what: reason(error), silent: true };
  }
}

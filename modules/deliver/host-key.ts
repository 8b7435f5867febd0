// Which SSH host key a machine must show. The console of its BMC is the channel that an impostor on the network does
// not have; the key that was seen there once is pinned.
import { createHash } from "node:crypto";
import { LandfallError } from "../spec/index.ts";

/** `SHA256:...` as ssh-keygen prints it; `not-yet` where a console exists and has not shown the key. */
export type HostKeyOnConsole = string | "not-yet" | "no-console";

/** Reads the last key that a machine printed on its console; `undefined` is a BMC without one. */
export function hostKeyOnConsole(console: string | undefined): HostKeyOnConsole {
  if (console === undefined) return "no-console";
  const shown = console.matchAll(/landfall: ssh-host-key (SHA256:[A-Za-z0-9+/]{43})(?![A-Za-z0-9+/])/g);
  return [...shown].at(-1)?.[1] ?? "not-yet";
}

/** `SHA256:...` of a host key as SSH sends it. */
export function hostKeyFingerprint(key: Buffer): string {
  return `SHA256:${createHash("sha256").update(key).digest("base64").replace(/=+$/, "")}`;
}

export interface HostKeyPolicy {
  readonly machine: string;
  /** From an earlier delivery. */
  readonly pinned: string | undefined;
  /** Asked only when nothing is pinned. */
  readonly expectHostKey: () => Promise<HostKeyOnConsole>;
  /** Keeps the key for the next time; resolves once it is kept. Nothing secret is sent before. */
  readonly pin: (fingerprint: string) => Promise<void>;
}

/**
 * Accepts the key that a machine shows, or throws: a LandfallError for a key that is wrong, another error where
 * it cannot be told yet. Without a console the first key is trusted.
 */
export async function acceptHostKey(shown: string, policy: HostKeyPolicy): Promise<void> {
  const { machine, pinned } = policy;
  if (pinned !== undefined) {
    if (shown === pinned) return;
    throw new LandfallError("host-key-changed", `${machine} shows another SSH host key than before`, {
      found: shown,
      expected: `${pinned}, as it was pinned`,
      next: `if ${machine} was installed anew by other means, read its key on its console and remove the pinned one`,
    });
  }
  const expected = await policy.expectHostKey();
  if (expected === "not-yet")
    throw new Error("it answers, but its console has not shown its SSH host key yet");
  if (expected !== "no-console" && shown !== expected)
    throw new LandfallError("host-key-wrong", `what answers at ${machine}'s address is not ${machine}`, {
      found: `SSH host key ${shown}`,
      expected: `${expected}, as ${machine} printed on its console`,
      next: "see who else has this address; nothing secret was sent",
    });
  await policy.pin(shown);
}

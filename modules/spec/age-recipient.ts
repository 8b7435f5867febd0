import { bech32 } from "@scure/base";

/** X25519, and the hybrid that a quantum computer does not open. Plugins' recipients need their plugin, and are not here. */
const kinds: Readonly<Record<string, number>> = { age: 32, age1pq: 1216 };

/** Whether it is a public key of age that anything can be encrypted to: a slip of the pen breaks its checksum. */
export function isAgeRecipient(text: string): boolean {
  const decoded = bech32.decodeUnsafe(text, false);
  if (decoded === undefined) return false;
  return bech32.fromWordsUnsafe(decoded.words)?.length === kinds[decoded.prefix];
}

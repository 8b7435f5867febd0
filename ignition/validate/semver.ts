const largest = 2n ** 63n - 1n;

/** A version as go-semver reads it, written without leading zeros; nothing if it is none. */
export function readVersion(text: string): string | undefined {
  const [beforePlus, metadata] = cut(text, "+");
  const [numbers, preRelease] = cut(beforePlus, "-");
  const identifier = /^[0-9A-Za-z-.]*$/;
  if (!identifier.test(metadata) || !identifier.test(preRelease)) return undefined;
  const parts = numbers.split(".");
  if (parts.length !== 3 || !parts.every((part) => /^\d+$/.test(part) && BigInt(part) <= largest))
    return undefined;
  const plain = parts.map((part) => BigInt(part)).join(".");
  return `${plain}${preRelease && `-${preRelease}`}${metadata && `+${metadata}`}`;
}

function cut(text: string, mark: string): [before: string, after: string] {
  const at = text.indexOf(mark);
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
}

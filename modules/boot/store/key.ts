import { LandfallError } from "../../spec/error.ts";

/** A file's name holds 255 bytes, and `.json` has to fit. */
const longest = 240;

/**
 * The key, when it can name a document in every store.
 * @throws {LandfallError} `store-key`
 */
export function checkedKey(key: string): string {
  const bytes = Buffer.byteLength(key);
  // A lone surrogate has no bytes of its own: two such keys would be one file.
  if (bytes > 0 && bytes <= longest && key.isWellFormed() && !key.startsWith(".") && !/[/\p{Cc}]/u.test(key))
    return key;
  throw new LandfallError("store-key", "no name for a document of the boot service", {
    found: JSON.stringify(key.slice(0, 60)),
    expected: `1 to ${longest} bytes, no slash, no leading dot, no control character`,
  });
}

/** Order of keys in lists: by their bytes. */
export function byKey(a: { readonly key: string }, b: { readonly key: string }): number {
  return Buffer.compare(Buffer.from(a.key), Buffer.from(b.key));
}

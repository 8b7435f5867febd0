// Where the boot service keeps everything: named documents, each replaced whole, with a version to compare by.
// One interface; a folder in Matchbox's layout, PostgreSQL, memory (for tests); one contract suite.

/**
 * Matchbox's own four kinds, with its file names (`groups/ID.json`, `profiles/ID.json`, `ignition/NAME`,
 * `generic/NAME`), and Landfall's: `machines` (key: MAC as 12 lower-case hex digits; JSON of a MachineRecord),
 * `conditions` (key: cluster as lab-v1; JSON of the last health report) and `replacements` (key: green as lab-v2; JSON of
 * a ReplacementReport).
 */
export const kinds = [
  "groups",
  "profiles",
  "ignition",
  "generic",
  "machines",
  "conditions",
  "replacements",
] as const;
export type Kind = (typeof kinds)[number];

export interface Entry {
  /** 1-240 bytes of UTF-8, no slash, no leading dot, no control character. */
  readonly key: string;
  readonly bytes: Uint8Array;
  /** Opaque; another one for other bytes. */
  readonly version: string;
}

/** What `put` compares with: a version, `"absent"`, or nothing (last one wins). */
export type Expected = string | "absent" | undefined;

export interface BootStore {
  get(kind: Kind, key: string): Promise<Entry | undefined>;
  /** All of a kind, by key in ascending byte order. */
  list(kind: Kind): Promise<readonly Entry[]>;
  /**
   * Replaces a document whole, and returns once it would survive a loss of power.
   * @returns its new version, or `"conflict"` when what is there is not what was expected.
   * @throws {LandfallError} `store-key`, `store-full` (no space left), `store-unreachable`
   */
  put(
    kind: Kind,
    key: string,
    bytes: Uint8Array,
    expected?: Expected,
  ): Promise<{ readonly version: string } | "conflict">;
  /** @returns whether it was there. */
  delete(kind: Kind, key: string): Promise<boolean>;
  /**
   * Calls back after every change, whoever made it: this process, another replica, or a person with an editor. May call
   * more often than needed, never less. Returns what ends it.
   */
  watch(onChange: (change: { readonly kind: Kind; readonly key: string }) => void): () => void;
  close(): Promise<void>;
}

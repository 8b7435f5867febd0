// Everything that machines ask for, parsed and in memory: an answer reads no file and asks no database. The store tells
// of changes; what it does not tell is not there.
import { setTimeout } from "node:timers/promises";
import { LandfallError } from "../../spec/error.ts";
import { type Labels, type SelectorIndex, selectorIndex } from "../selection/index.ts";
import type { BootStore, Entry, Kind } from "../store/types.ts";
import { type Group, parseGroup } from "./group.ts";
import { type Profile, parseProfile } from "./profile.ts";

/** Matchbox's own kinds. Machines and conditions are read by those whom they concern. */
export const catalogKinds = ["groups", "profiles", "ignition", "generic"] as const satisfies Kind[];
export type CatalogKind = (typeof catalogKinds)[number];

export interface Catalog {
  /** @throws {LandfallError} `not-ready`: the store has not been read, or cannot be. */
  check(): void;
  select(labels: Labels): Group | undefined;
  /** Of a gRPC request without any label, which in Matchbox has not even empty ones. */
  selectDefault(): Group | undefined;
  /** By its key. One without an id is none, as in Matchbox. */
  profile(key: string): Profile | undefined;
  ignition(name: string): Uint8Array | undefined;
  generic(name: string): Uint8Array | undefined;
  /** Reads a document again: after it, answers are of what is there now. */
  refresh(kind: CatalogKind, key: string): Promise<void>;
  /** Resolves when all has been read for the first time. */
  readonly loaded: Promise<void>;
  close(): void;
}

export interface CatalogOptions {
  /** A document that cannot be read is left out, and named here. */
  readonly onBroken?: (kind: CatalogKind, key: string, error: LandfallError) => void;
  /** Store out of reach (with the error), or there again. */
  readonly onStore?: (error: LandfallError | undefined) => void;
  /** Between looks at whether the store is there. Default: 2000. */
  readonly pulseMilliseconds?: number;
  /** After a failed read. Default: 250. */
  readonly retryMilliseconds?: number;
}

interface Contents {
  readonly groups: SelectorIndex<Group>;
  readonly profiles: Map<string, Profile>;
  readonly ignition: Map<string, Uint8Array>;
  readonly generic: Map<string, Uint8Array>;
}

export function openCatalog(store: BootStore, options: CatalogOptions = {}): Catalog {
  const {
    onBroken = () => {},
    onStore = () => {},
    pulseMilliseconds = 2000,
    retryMilliseconds = 250,
  } = options;
  let contents: Contents | undefined;
  let outage: LandfallError | undefined;
  let closed = false;
  /** Documents of which a change was told, and not yet read. */
  const dirty = new Map<string, { readonly kind: CatalogKind; readonly key: string }>();
  let working: Promise<void> | undefined;
  const loaded = Promise.withResolvers<void>();

  function put(into: Contents, kind: CatalogKind, { key, bytes }: Entry): void {
    try {
      switch (kind) {
        case "groups":
          into.groups.set(parseGroup(key, bytes));
          break;
        case "profiles":
          into.profiles.set(key, parseProfile(bytes));
          break;
        default:
          into[kind].set(key, bytes);
      }
    } catch (error) {
      if (!(error instanceof LandfallError)) throw error;
      into[kind].delete(key);
      onBroken(kind, key, error);
    }
  }

  async function load(): Promise<void> {
    dirty.clear();
    const fresh: Contents = {
      groups: selectorIndex(),
      profiles: new Map(),
      ignition: new Map(),
      generic: new Map(),
    };
    const lists = await Promise.all(
      catalogKinds.map(async (kind) => ({ kind, entries: await store.list(kind) })),
    );
    for (const { kind, entries } of lists) for (const entry of entries) put(fresh, kind, entry);
    contents = fresh;
    loaded.resolve();
  }

  async function read(kind: CatalogKind, key: string): Promise<void> {
    let entry: Entry | undefined;
    try {
      entry = await store.get(kind, key);
    } catch (error) {
      if (!(error instanceof LandfallError) || error.code !== "document-unreadable") throw error;
      onBroken(kind, key, error);
    }
    if (contents === undefined) return;
    if (entry === undefined) contents[kind].delete(key);
    else put(contents, kind, entry);
  }

  /** One reader at a time, so that what was read later is what is kept. */
  async function work(): Promise<void> {
    while (!closed && (contents === undefined || outage !== undefined || dirty.size > 0)) {
      try {
        if (contents === undefined || outage !== undefined) await load();
        for (const [name, { kind, key }] of dirty) {
          dirty.delete(name);
          await read(kind, key);
        }
        if (outage !== undefined) onStore(undefined);
        outage = undefined;
      } catch (cause) {
        lost(cause);
        await setTimeout(retryMilliseconds, undefined, { ref: false });
      }
    }
  }

  function lost(cause: unknown): void {
    if (outage === undefined) onStore(cause instanceof LandfallError ? cause : undefined);
    outage = new LandfallError("not-ready", "the boot service's store is out of reach", {
      cause,
      ...(cause instanceof Error && { found: cause.message }),
      next: "see that the store runs; this service tries again by itself",
    });
  }

  function begin(): Promise<void> {
    working ??= work().finally(() => {
      working = undefined;
      // Told while it was ending.
      if (!closed && dirty.size > 0) void begin();
    });
    return working;
  }

  function mark(kind: CatalogKind, key: string): void {
    dirty.set(`${kind}/${key}`, { kind, key });
  }

  const unwatch = store.watch(({ kind, key }) => {
    if (!isCatalogKind(kind)) return;
    mark(kind, key);
    void begin();
  });
  void begin();
  const pulse = setInterval(() => {
    if (working !== undefined) return;
    store.get("conditions", "pulse").catch((error: unknown) => {
      lost(error);
      void begin();
    });
  }, pulseMilliseconds).unref();

  return {
    loaded: loaded.promise,
    check() {
      if (outage !== undefined) throw outage;
      if (contents === undefined)
        throw new LandfallError("not-ready", "the boot service has not read its store yet", {
          next: "ask again in a second",
        });
    },
    select: (labels) => contents?.groups.select(labels),
    selectDefault: () => contents?.groups.selectDefault(),
    profile(key) {
      const profile = contents?.profiles.get(key);
      return profile?.id === "" ? undefined : profile;
    },
    ignition: (name) => contents?.ignition.get(name),
    generic: (name) => contents?.generic.get(name),
    async refresh(kind, key) {
      mark(kind, key);
      while (!closed && dirty.has(`${kind}/${key}`)) await begin();
      await working;
    },
    close() {
      closed = true;
      clearInterval(pulse);
      unwatch();
    },
  };
}

function isCatalogKind(kind: Kind): kind is CatalogKind {
  return (catalogKinds as readonly Kind[]).includes(kind);
}

// The fleet as the store has it, kept in memory: read once, then document by document as the store tells of changes.
import type { Logger } from "../log/index.ts";
import { type MachineRecord, machineRecordSchema } from "../machine/types.ts";
import type { BootStore, Entry, Kind } from "../store/types.ts";
import { type ClusterReport, clusterOf, clusterReportSchema, proofs } from "./conditions.ts";
import { fleetOf, replacementsOf } from "./fleet-view.ts";
import { machineView } from "./machine-view.ts";
import { type ReplacementReport, replacementReportSchema } from "./replacement.ts";
import { type SoftTimeouts, softTimeouts } from "./timeouts.ts";
import type { FleetView, MachineView } from "./types.ts";

export interface LiveFleetOptions {
  readonly store: BootStore;
  readonly logger: Logger;
  readonly timeouts?: SoftTimeouts;
  /** Default: the computer's clock. */
  readonly now?: () => Date;
  /** How often time alone may change what people see. Default: 5 s. */
  readonly tickMs?: number;
  /** Until the store is asked again that did not answer. Default: 1 s. */
  readonly retryMs?: number;
  /** Told of each record that changed while it watched; `before` is absent for a machine that is new. */
  readonly onRecord?: (before: MachineRecord | undefined, after: MachineRecord) => void;
}

export interface LiveFleet {
  /** As of now. The same object, and in it the same machines, for as long as nothing changed. */
  readonly view: () => FleetView;
  /** @param mac lower case, joined with ':' */
  readonly machine: (mac: string) => MachineView | undefined;
  readonly records: () => readonly MachineRecord[];
  /** Why what it shows may be old; `undefined` while it follows the store. */
  readonly trouble: () => { readonly since: string; readonly what: string } | undefined;
  /** Calls back when something changed, and on each tick. Returns what ends it. */
  readonly onChange: (callback: () => void) => () => void;
  readonly close: () => void;
}

/** What was made of a record, and of what else. */
interface Judged {
  readonly record: MachineRecord;
  readonly proof: string | undefined;
  readonly view: MachineView;
  readonly judged: number;
}

type Watched = Extract<Kind, "machines" | "conditions" | "replacements">;
const watched: readonly Watched[] = ["machines", "conditions", "replacements"];

/** Past so many changed documents at once, reading all of them again is quicker. */
const manyChanges = 200;

export function openLiveFleet(options: LiveFleetOptions): LiveFleet {
  const { store, logger, timeouts = softTimeouts, tickMs = 5000, retryMs = 1000 } = options;
  const now = options.now ?? (() => new Date());
  const records = new Map<string, MachineRecord>();
  const reports = new Map<string, ClusterReport>();
  const replacements = new Map<string, ReplacementReport>();
  /** By what they are read from. */
  const kept: Readonly<Record<Watched, Map<string, unknown>>> = {
    machines: records,
    conditions: reports,
    replacements,
  };
  const views = new Map<string, Judged>();
  let proven: ReadonlyMap<string, string> = new Map();
  const listeners = new Set<() => void>();
  const changed = new Map<string, { kind: Watched; key: string }>();
  let readAll = true;
  let known = false;
  let trouble: { since: string; what: string } | undefined = {
    since: now().toISOString(),
    what: "the store has not been read yet",
  };
  let reading = false;
  let closed = false;
  let retry: NodeJS.Timeout | undefined;
  let cached: { view: FleetView; judged: number } | undefined;

  const tell = () => {
    for (const listener of listeners) listener();
  };

  function take(kind: Watched, key: string, entry: Entry | undefined): void {
    if (entry === undefined) {
      kept[kind].delete(key);
      return;
    }
    const parsed = parse(kind, entry);
    if (parsed === undefined) {
      logger.warn("a document of the store is not what it should be", { kind, document: key });
    } else if (kind === "machines") {
      const before = records.get(key);
      const after = parsed as MachineRecord;
      records.set(key, after);
      if (known) options.onRecord?.(before, after);
    } else {
      kept[kind].set(key, parsed);
    }
  }

  async function readEverything(): Promise<void> {
    const lists = await Promise.all(watched.map((kind) => store.list(kind)));
    for (const [index, kind] of watched.entries()) {
      const entries = new Map(lists[index]?.map((entry) => [entry.key, entry]));
      for (const key of [...kept[kind].keys()]) if (!entries.has(key)) kept[kind].delete(key);
      for (const [key, entry] of entries) take(kind, key, entry);
    }
    known = true;
  }

  /** One at a time; what changes meanwhile is read by the next round. */
  async function read(): Promise<void> {
    if (reading || closed) return;
    reading = true;
    try {
      while (!closed && (readAll || changed.size > 0)) {
        const documents = [...changed.values()];
        const everything = readAll || documents.length > manyChanges;
        changed.clear();
        readAll = false;
        if (everything) await readEverything();
        else
          await Promise.all(
            documents.map(async ({ kind, key }) => take(kind, key, await store.get(kind, key))),
          );
        if (trouble !== undefined && known) logger.info("the page follows the store");
        trouble = undefined;
        cached = undefined;
        proven = proofs(reports.values());
        tell();
      }
    } catch (error) {
      readAll = true;
      if (trouble === undefined || !known) logger.warn("the store does not answer the page", { error });
      trouble = { since: trouble?.since ?? now().toISOString(), what: "the store does not answer" };
      if (!closed) retry = setTimeout(() => void read(), retryMs);
      tell();
    } finally {
      reading = false;
    }
  }

  function viewOf(key: string, record: MachineRecord, at: Date): MachineView {
    const kept = views.get(key);
    const proof = proven.get(clusterOf(record));
    const stands = kept?.record === record && kept.proof === proof && at.getTime() - kept.judged < tickMs;
    if (stands) return kept.view;
    const fresh = machineView(record, at, timeouts, proof);
    const same = kept !== undefined && JSON.stringify(kept.view) === JSON.stringify(fresh);
    const view = same ? kept.view : fresh;
    views.set(key, { record, proof, view, judged: at.getTime() });
    return view;
  }

  function view(): FleetView {
    const at = now();
    if (cached !== undefined && at.getTime() - cached.judged < tickMs) return cached.view;
    for (const key of [...views.keys()]) if (!records.has(key)) views.delete(key);
    const machines = [...records].map(([key, record]) => viewOf(key, record, at));
    const replaced = replacementsOf(replacements.values(), at);
    cached = { view: fleetOf(machines, [...reports.values()], replaced), judged: at.getTime() };
    return cached.view;
  }

  const unwatch = store.watch(({ kind, key }) => {
    if (!isWatched(kind)) return;
    changed.set(`${kind}/${key}`, { kind, key });
    void read();
  });
  const ticker = setInterval(tell, tickMs);
  ticker.unref();
  void read();

  return {
    view,
    machine: (mac) => {
      const key = mac.replaceAll(":", "");
      const record = records.get(key);
      return record && viewOf(key, record, now());
    },
    records: () => [...records.values()],
    trouble: () => trouble,
    onChange: (callback) => {
      listeners.add(callback);
      return () => listeners.delete(callback);
    },
    close: () => {
      closed = true;
      clearInterval(ticker);
      clearTimeout(retry);
      unwatch();
      listeners.clear();
    },
  };
}

const schemas = {
  machines: machineRecordSchema,
  conditions: clusterReportSchema,
  replacements: replacementReportSchema,
} as const;

function isWatched(kind: Kind): kind is Watched {
  return watched.some((each) => each === kind);
}

function parse(
  kind: Watched,
  { bytes }: Entry,
): MachineRecord | ClusterReport | ReplacementReport | undefined {
  try {
    return schemas[kind].safeParse(JSON.parse(new TextDecoder().decode(bytes))).data;
  } catch {
    return undefined;
  }
}

// The machines' records in their store: every event is one compare-and-swap, durable before anyone hears of it.
import { LandfallError } from "../../spec/error.ts";
import type { BootStore, Entry } from "../store/types.ts";
import { transition } from "./transition.ts";
import { type BootAnswer, type MachineEvent, type MachineRecord, machineRecordSchema } from "./types.ts";

export interface Machines {
  /**
   * Applies an event, whatever other replicas do at the same time.
   * @param mac lower case, joined with ':'
   * @param signal aborted when nobody waits for it any more: then it is not done late.
   * @throws {LandfallError} what `transition` refuses; `store-unreachable`, `store-full`; `record-broken`
   */
  apply(mac: string, event: MachineEvent, signal?: AbortSignal): Promise<Applied>;
  get(mac: string): Promise<MachineRecord | undefined>;
  /** By MAC. Records that are broken are left out, and named to `onBroken`. */
  list(): Promise<readonly MachineRecord[]>;
  /** Calls back with the MAC after each change. */
  watch(onChange: (mac: string) => void): () => void;
}

export interface Applied {
  readonly record: MachineRecord;
  readonly answer?: BootAnswer;
}

export interface MachinesOptions {
  readonly store: BootStore;
  readonly now: () => Date;
  readonly onBroken?: (error: LandfallError) => void;
}

/** Each lost race is another's success; this many in a row mean that something is wrong. */
const attempts = 100;

export function openMachines({ store, now, onBroken = () => {} }: MachinesOptions): Machines {
  async function apply(mac: string, event: MachineEvent, signal?: AbortSignal): Promise<Applied> {
    for (let attempt = 0; attempt < attempts; attempt++) {
      const entry = await store.get("machines", keyOf(mac));
      const before = entry && read(entry);
      const result = transition(before, event, now());
      if ("refused" in result) throw result.refused;
      const { record } = result;
      if (record === before) return result;
      signal?.throwIfAborted();
      try {
        if (
          (await store.put("machines", keyOf(mac), write(record), entry?.version ?? "absent")) !== "conflict"
        )
          return result;
      } catch (error) {
        // That it was heard is worth no machine's start.
        if (result.answer?.boot === "local" && record.order === before?.order) return result;
        throw error;
      }
    }
    throw new LandfallError(
      "store-unreachable",
      `the record of ${mac} changes faster than it can be written`,
      {
        found: `${attempts} attempts`,
        next: "see who else writes to the boot service's store",
      },
    );
  }

  return {
    apply,
    async get(mac) {
      const entry = await store.get("machines", keyOf(mac));
      return entry && read(entry);
    },
    async list() {
      return (await store.list("machines")).flatMap((entry) => {
        try {
          return [read(entry)];
        } catch (error) {
          if (!(error instanceof LandfallError)) throw error;
          onBroken(error);
          return [];
        }
      });
    },
    watch: (onChange) =>
      store.watch(({ kind, key }) => {
        if (kind === "machines" && /^[0-9a-f]{12}$/.test(key)) onChange(macOf(key));
      }),
  };
}

function keyOf(mac: string): string {
  return mac.replaceAll(":", "");
}

function macOf(key: string): string {
  return key.match(/../g)!.join(":");
}

function write(record: MachineRecord): Uint8Array {
  return Buffer.from(`${JSON.stringify(record, null, 2)}\n`);
}

/** A record that someone broke boots nothing: not even what it may once have said. */
function read({ key, bytes }: Entry): MachineRecord {
  let problem: string;
  try {
    const { data, error } = machineRecordSchema.safeParse(JSON.parse(Buffer.from(bytes).toString("utf8")));
    if (data !== undefined && keyOf(data.mac) === key) return data;
    problem =
      error?.issues.map(({ path, message }) => `${path.join(".")}: ${message}`).join("; ") ?? "another's mac";
  } catch (cause) {
    problem = cause instanceof Error ? cause.message : String(cause);
  }
  throw new LandfallError("record-broken", `the record of machine ${key} cannot be read`, {
    found: problem,
    expected: "a record as the boot service writes it",
    next: `mend machines/${key}.json, or delete it once the machine is out of service`,
  });
}

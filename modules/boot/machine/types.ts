// What the boot service knows of one machine: a single document, so that every transition is one atomic write.
import { z } from "zod";

/** What a machine may be told to boot besides its own disk. */
export const orderKinds = ["install", "wipe", "rescue", "memory"] as const;
/**
 * `install`: once; replayed after a power cut until the machine has reported `installed`. `wipe`: the same until
 * `wiped`. `rescue`: one boot, never replayed. `memory`: a machine without a disk boots this at every start, until the
 * order is cancelled; nothing is written.
 */
export type OrderKind = (typeof orderKinds)[number];

/**
 * armed -> running (taken by the machine's boot request) -> done (reported), or failed (the installer refused).
 * armed -> expired (never asked for in time), cancelled (by its deploy). Only armed and running boot anything.
 */
export const orderStates = ["armed", "running", "done", "failed", "expired", "cancelled"] as const;
export type OrderState = (typeof orderStates)[number];

/** Seconds for which an order may wait for its machine. */
export const longestOrder = 604_800;

/** Stages of a landing, in their order, as machines' consoles name them (docs/architecture.md). */
export const stages = [
  "power",
  "firmware",
  "ipxe",
  "boot",
  "install",
  "ignition",
  "installed",
  "system",
  "kubelet",
  "etcd",
  "api",
  "ready",
] as const;
export type Stage = (typeof stages)[number];

const time = z.iso.datetime();
const text = z.string().max(400);

export const orderSchema = z.strictObject({
  /** Random, 128 bits in hex. Reports name it, so that those of an older boot count for nothing. Not a secret. */
  id: z.string().regex(/^[0-9a-f]{32}$/),
  kind: z.enum(orderKinds),
  state: z.enum(orderStates),
  /** Cluster version, as lab-v1. */
  cluster: z.string().min(1).max(253),
  /** Landing of that cluster, as on the disk's marker. */
  generation: z.string().max(64),
  made: time,
  /** An order that no boot request has taken by then is never taken. */
  expires: time,
  /** First boot request that it answered. */
  taken: time.optional(),
  /** How many boot requests it answered. */
  boots: z.int().min(0),
  ended: time.optional(),
  /** Why it failed, in the installer's words. */
  reason: text.optional(),
});
export type Order = z.infer<typeof orderSchema>;

export const machineRecordSchema = z.strictObject({
  /** Lower case, joined with ':'. */
  mac: z.string().regex(/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/),
  name: z.string().min(1).max(63),
  site: z.string().min(1).max(63),
  /** Where people find it. */
  rack: z.string().max(63).optional(),
  position: z.string().max(63).optional(),
  role: z.enum(["master", "worker"]).optional(),
  pool: z.string().max(63).optional(),
  address: z.string().max(45).optional(),
  order: orderSchema.optional(),
  /** The landing that is on its disk, as it reported it. */
  installed: z.strictObject({ cluster: z.string(), generation: z.string(), since: time }).optional(),
  /** When each stage was last reached; stages of boots before the order's are dropped. */
  stages: z.array(z.strictObject({ stage: z.enum(stages), at: time })).max(32),
  /** Of the stage that is under way, 0-100. */
  percent: z.number().min(0).max(100).optional(),
  /** Its last console lines, printable characters only. */
  console: z.array(z.string().max(200)).max(20),
  /** Last request or report of this machine. */
  heard: time.optional(),
});
export type MachineRecord = z.infer<typeof machineRecordSchema>;

/** What a machine reports. `order` must be its order's id, else it counts for nothing. */
export const reportSchema = z.strictObject({
  order: z.string().regex(/^[0-9a-f]{32}$/),
  stage: z.enum(stages).optional(),
  percent: z.number().min(0).max(100).optional(),
  /** `installed` / `wiped`: the order is done. `failed`: it has ended, with the reason. */
  result: z.enum(["installed", "wiped", "failed"]).optional(),
  reason: text.optional(),
  console: z.array(z.string().max(400)).max(20).optional(),
});
export type Report = z.infer<typeof reportSchema>;

/** What happens to a machine's record. The clock and ids come in with the event. */
export type MachineEvent =
  | {
      readonly type: "register";
      readonly machine: Pick<
        MachineRecord,
        "mac" | "name" | "site" | "rack" | "position" | "role" | "pool" | "address"
      >;
    }
  | {
      readonly type: "arm";
      /** For how long, not until when: only the service's own clock judges an order. */
      readonly order: Pick<Order, "id" | "kind" | "cluster" | "generation"> & { readonly seconds: number };
    }
  /** Ends the order of this landing. One that comes late, when the order is another landing's, does nothing. */
  | { readonly type: "cancel"; readonly cluster: string; readonly generation: string }
  /** This landing lets go of the machine: a retire step sends it, after it has seen to it that nothing runs there. */
  | { readonly type: "release"; readonly cluster: string; readonly generation: string }
  | { readonly type: "boot" }
  | { readonly type: "report"; readonly report: Report };

/** What a boot request is answered with. */
export type BootAnswer = { readonly boot: "local" } | { readonly boot: "order"; readonly order: Order };

// The state machine of one machine's record. Pure: what may happen to a disk is decided here and nowhere else.
import { LandfallError } from "../../spec/error.ts";
import {
  type BootAnswer,
  type MachineEvent,
  type MachineRecord,
  type Order,
  type Report,
  type Stage,
  stages,
} from "./types.ts";

export type Transition =
  | { readonly record: MachineRecord; readonly answer?: BootAnswer }
  /** Nothing has changed. */
  | { readonly refused: LandfallError };

/**
 * What an event makes of a record; `undefined`: a machine that nobody has registered.
 *
 * A machine boots its own disk unless its order says otherwise, and what is installed outweighs any order: while
 * `installed` is there, nothing that writes is booted, whatever else the record says.
 */
export function transition(record: MachineRecord | undefined, event: MachineEvent, now: Date): Transition {
  if (event.type === "register") return { record: { ...(record ?? unheard), ...event.machine } };
  if (record === undefined) return { refused: unknownMachine() };
  switch (event.type) {
    case "arm":
      return arm(record, event.order, now);
    case "cancel":
      return { record: cancel(record, event, now) };
    case "release":
      return { record: release(record, event) };
    case "boot":
      return boot(record, now);
    case "report":
      return report(record, event.report, now);
  }
}

/** Whether an order boots anything: armed and in its time, or running. */
export function inForce(order: Order, now: Date): boolean {
  if (order.state !== "armed") return order.state === "running";
  // A clock that went back to before the order was made has no say in how old it is.
  return (
    now.getTime() <= Date.parse(order.expires) && now.getTime() >= Date.parse(order.made) - clockTolerance
  );
}

/** What a machine boots now, without taking anything. */
export function answer(record: MachineRecord, now: Date): BootAnswer {
  const { order, installed } = record;
  if (order === undefined || !inForce(order, now)) return { boot: "local" };
  if (installed !== undefined && writes(order)) return { boot: "local" };
  return { boot: "order", order };
}

/** Replicas' clocks may be this far apart. Milliseconds. */
const clockTolerance = 300_000;
const consoleLines = 20;
const consoleWidth = 200;

const unheard: Pick<MachineRecord, "stages" | "console"> = { stages: [], console: [] };

function writes({ kind }: Order): boolean {
  return kind === "install" || kind === "wipe";
}

function arm(
  record: MachineRecord,
  wanted: Extract<MachineEvent, { type: "arm" }>["order"],
  now: Date,
): Transition {
  const refused = inService(record, wanted) ?? otherOrder(record, wanted, now);
  if (refused !== undefined) return { refused };
  const expires = new Date(now.getTime() + wanted.seconds * 1000).toISOString();
  const { order } = record;
  if (order !== undefined && inForce(order, now) && isSame(order, wanted)) {
    // A deployer that was killed, or whose answer got lost, asks again: the order stays the one that it was.
    if (order.state === "running" || order.expires >= expires) return { record };
    return { record: { ...record, order: { ...order, expires } } };
  }
  const { id, kind, cluster, generation } = wanted;
  return {
    record: {
      ...record,
      order: { id, kind, state: "armed", cluster, generation, made: now.toISOString(), expires, boots: 0 },
    },
  };
}

function isSame(order: Order, wanted: Pick<Order, "kind" | "cluster" | "generation">): boolean {
  return (
    order.kind === wanted.kind && order.cluster === wanted.cluster && order.generation === wanted.generation
  );
}

function inService(
  { name, installed }: MachineRecord,
  wanted: Pick<Order, "kind" | "cluster" | "generation">,
): LandfallError | undefined {
  if (installed === undefined) return undefined;
  const found = `${installed.cluster}, landing ${installed.generation || "without a name"}, since ${installed.since}`;
  const own = installed.cluster === wanted.cluster;
  // Its own cluster may look into a machine in service: a rescue system writes nothing by itself.
  if (own && wanted.kind === "rescue") return undefined;
  if (own && wanted.kind === "install" && installed.generation === wanted.generation)
    return new LandfallError("already-installed", `${name} is installed`, { found });
  return new LandfallError("in-service", `${name} is in service; an order would end it`, {
    found,
    expected: "a machine that no landing holds",
    next: `retire it from ${installed.cluster} first: npx landfall destroy ${installed.cluster}`,
  });
}

function otherOrder(
  { name, order }: MachineRecord,
  wanted: Pick<Order, "kind" | "cluster" | "generation">,
  now: Date,
): LandfallError | undefined {
  if (order === undefined || !inForce(order, now) || isSame(order, wanted)) return undefined;
  const own = order.cluster === wanted.cluster;
  // Nothing has come of it yet, so its own cluster may think again; nor does what looks only stand in its way.
  if (own && (order.state === "armed" || order.kind === "rescue")) return undefined;
  return new LandfallError(
    own ? "order-running" : "machine-taken",
    `${name} has ${own ? "an" : "another cluster's"} order that is ${order.state}`,
    {
      found: `${order.kind} for ${order.cluster}, landing ${order.generation || "without a name"}, made ${order.made}`,
      expected: "one cluster, and one order, at a time",
      next: own ? "cancel it first" : `wait until it is over, or have ${order.cluster} cancel it`,
    },
  );
}

function cancel(record: MachineRecord, { cluster, generation }: Landing, now: Date): MachineRecord {
  const { order } = record;
  if (order?.cluster !== cluster || order.generation !== generation) return record;
  if (order.state !== "armed" && order.state !== "running") return record;
  return { ...record, order: { ...order, state: "cancelled", ended: now.toISOString() } };
}

interface Landing {
  readonly cluster: string;
  readonly generation: string;
}

/** The order goes too: what a report of it says after this counts for nothing. */
function release(record: MachineRecord, { cluster, generation }: Landing): MachineRecord {
  const { installed, order, ...rest } = record;
  const theirs = (landing: Landing | undefined): boolean =>
    landing?.cluster === cluster && landing.generation === generation;
  return {
    ...rest,
    ...(order !== undefined && !theirs(order) && { order }),
    ...(installed !== undefined && !theirs(installed) && { installed }),
  };
}

function boot(record: MachineRecord, now: Date): Transition {
  const heard = now.toISOString();
  const { order } = record;
  const today = answer(record, now);
  if (today.boot === "local") {
    if (order?.state !== "armed" || inForce(order, now))
      return { record: { ...record, heard }, answer: today };
    return {
      record: { ...record, heard, order: { ...order, state: "expired", ended: heard } },
      answer: today,
    };
  }
  if (today.order.kind === "rescue" && today.order.state === "running") {
    const done: Order = { ...today.order, state: "done", ended: heard };
    return { record: { ...record, heard, order: done }, answer: { boot: "local" } };
  }
  const taken: Order = {
    ...today.order,
    state: "running",
    taken: today.order.taken ?? heard,
    boots: today.order.boots + 1,
  };
  const { percent: _, ...rest } = record;
  return {
    record: { ...rest, heard, order: taken, stages: startedAnew(record, today.order, heard) },
    answer: { boot: "order", order: taken },
  };
}

/** A boot is past firmware; what came after that belongs to the boot before. */
function startedAnew(record: MachineRecord, order: Order, at: string): MachineRecord["stages"] {
  const before = record.stages.filter(
    (reached) => isBefore(reached.stage, "ipxe") && (order.state === "running" || reached.at >= order.made),
  );
  return [...before, { stage: "ipxe", at }];
}

function report(record: MachineRecord, told: Report, now: Date): Transition {
  const { name, order } = record;
  if (order?.id !== told.order) {
    return {
      refused: new LandfallError(
        "other-order",
        `${name} reports of an order that is not its own (any more)`,
        {
          found: order === undefined ? "no order" : `${order.kind} for ${order.cluster}, ${order.state}`,
          expected: told.order,
        },
      ),
    };
  }
  const at = now.toISOString();
  return { record: outcome(progress({ ...record, heard: at }, order, told, at), order, told, at) };
}

function progress(record: MachineRecord, order: Order, told: Report, at: string): MachineRecord {
  const lines = (told.console ?? []).map(printable).filter((line) => line !== "");
  const next: MachineRecord = { ...record, console: [...record.console, ...lines].slice(-consoleLines) };
  const stage = told.stage ?? (told.result === "installed" ? "installed" : undefined);
  // Late news of an install that is over.
  const stale = order.state === "done" && stage !== undefined && isBefore(stage, "installed");
  const known = record.stages.some((reached) => reached.stage === stage);
  const { percent: _, ...rest } = next;
  if (stage === undefined || stale || known)
    return told.percent === undefined || stale ? next : { ...next, percent: told.percent };
  return {
    ...rest,
    stages: [...record.stages, { stage, at }].sort(
      (a, b) => stages.indexOf(a.stage) - stages.indexOf(b.stage),
    ),
    ...(told.percent !== undefined && { percent: told.percent }),
  };
}

/** What a report ends. That a disk is installed is a fact, also where the order was cancelled meanwhile. */
function outcome(record: MachineRecord, order: Order, told: Report, at: string): MachineRecord {
  if (told.result === undefined || order.state === "done") return record;
  const { cluster, generation } = order;
  const done: Order = { ...order, state: "done", ended: at };
  if (told.result === "installed" && order.kind === "install")
    return { ...record, order: done, installed: { cluster, generation, since: at } };
  if (told.result === "wiped" && order.kind === "wipe") return { ...record, order: done };
  if (told.result !== "failed" || order.state !== "running") return record;
  const reason = printable(told.reason ?? "no reason given");
  // A machine without a disk tries again at its next start.
  if (order.kind === "memory") return { ...record, order: { ...order, reason } };
  return { ...record, order: { ...order, state: "failed", ended: at, reason } };
}

function isBefore(stage: Stage, other: Stage): boolean {
  return stages.indexOf(stage) < stages.indexOf(other);
}

/** What a console may show to people: no control characters, and no more than a line. */
function printable(text: string): string {
  return text
    .replaceAll(/[\p{C}\p{Zl}\p{Zp}]+/gu, " ")
    .trim()
    .slice(0, consoleWidth)
    .toWellFormed();
}

function unknownMachine(): LandfallError {
  return new LandfallError("unknown-machine", "no machine of this address is registered", {
    next: "add it to the site file and deploy its cluster",
  });
}

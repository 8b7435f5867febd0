// One machine as people see it. Pure: the record, the time, the time-outs.
import type { MachineRecord, Order, Stage } from "../machine/types.ts";
import { roughly } from "./duration.ts";
import { quietPart, type SoftTimeouts } from "./timeouts.ts";
import type { MachineView } from "./types.ts";

/** What is decided about a machine; the rest of its view is copied. */
type Judgement = Pick<
  MachineView,
  "signal" | "state" | "since" | "waitsFor" | "flagged" | "next" | "percent" | "cluster"
>;

/** @param proven when its cluster was last seen to be healthy as a whole. ISO 8601. */
export function machineView(
  record: MachineRecord,
  now: Date,
  timeouts: SoftTimeouts,
  proven?: string,
): MachineView {
  const { order, stages } = record;
  const { mac, name, site, rack, position, role, pool, address, console, heard } = record;
  const last = stages.at(-1);
  return defined({
    mac,
    name,
    site,
    rack,
    position,
    role,
    pool,
    address,
    stage: last?.stage,
    order: order && shownOrder(order),
    stages,
    console,
    heard,
    ...byProof(judge(record, now, timeouts), record, proven),
  });
}

/** A machine whose last report got lost is not asked for: a cluster that is healthy has all of its machines. */
function byProof(judgement: Judgement, { name }: MachineRecord, proven: string | undefined): Judgement {
  const { state, since, cluster } = judgement;
  const onItsWay = state === "joining" || state === "starting";
  if (!onItsWay || proven === undefined || since === undefined || Date.parse(proven) < Date.parse(since))
    return judgement;
  return {
    signal: "good",
    state: "in service",
    since: proven,
    next: `Nothing to do: ${name} is in service of ${cluster}.`,
    ...(cluster !== undefined && { cluster }),
  };
}

function judge(record: MachineRecord, now: Date, timeouts: SoftTimeouts): Judgement {
  const { order, installed } = record;
  const cluster = order?.cluster ?? installed?.cluster;
  const withCluster = (judgement: Judgement): Judgement =>
    cluster === undefined ? judgement : { ...judgement, cluster };
  switch (order?.state) {
    case "armed":
      return withCluster(
        Date.parse(order.expires) <= now.getTime()
          ? expired(record, order)
          : awaited(record, order, now, timeouts),
      );
    case "running":
      return withCluster(running(record, order, now, timeouts));
    case "failed":
      return withCluster(failed(record, order));
    case "expired":
      return installed === undefined ? withCluster(expired(record, order)) : inService(record, now, timeouts);
    default:
      return installed === undefined ? idle(record) : inService(record, now, timeouts);
  }
}

/** Armed: it was, or will be, switched on, and has asked for nothing yet. */
function awaited(record: MachineRecord, order: Order, now: Date, timeouts: SoftTimeouts): Judgement {
  const { name } = record;
  const power = at(record, "power");
  const powered = power !== undefined && Date.parse(power) >= Date.parse(order.made);
  const since = powered ? power : order.made;
  const silent = secondsSince(since, now);
  const what = powered
    ? `it was switched on ${roughly(silent)} ago`
    : `its ${order.kind} order is ${roughly(silent)} old`;
  const common = { state: "not heard of yet", since, waitsFor: "its first request to the boot service" };
  if (silent >= timeouts.reboot) {
    return {
      ...common,
      signal: "act",
      flagged: "reboot",
      next: `Look at ${name}: ${what} and it has not asked the boot service for anything. Check that it has power, that its network cable is in the right port, and that network boot comes first in its firmware.`,
    };
  }
  if (silent >= timeouts.reboot * quietPart) {
    return {
      ...common,
      signal: "look",
      next: `Check the network cable of ${name}: ${what} and it has not asked the boot service for anything.`,
    };
  }
  return {
    ...common,
    signal: "busy",
    next: `Nothing to do: ${name} ${powered ? "was switched on, and its firmware is at work" : `has an order to ${verb(order)}, and is about to be switched on`}.`,
  };
}

/** Its boot request was answered with the order, and it has not reported the end of it. */
function running(record: MachineRecord, order: Order, now: Date, timeouts: SoftTimeouts): Judgement {
  const { name, percent } = record;
  const taken = order.taken ?? order.made;
  const state = { install: "installing", wipe: "wiping its disk", rescue: "rescue", memory: "starting" }[
    order.kind
  ];
  const common = {
    state,
    since: taken,
    waitsFor: waitsFor(record.stages.at(-1)?.stage, record),
    ...(percent !== undefined && { percent }),
  };
  if (order.kind === "rescue") {
    return { ...common, signal: "busy", next: `${name} runs the rescue system, for one boot.` };
  }
  // A machine that runs from memory reports no end: its order is that of a machine in service.
  if (order.kind === "memory") {
    const judgement = joining(record, taken, now, timeouts);
    if (order.reason === undefined || judgement.signal !== "busy") return judgement;
    return {
      ...judgement,
      signal: "look",
      next: `${name} could not start: ${order.reason.replace(/\.$/, "")}. Switching it off and on is safe: it tries again.`,
    };
  }
  const took = secondsSince(taken, now);
  if (took >= timeouts.install) {
    return {
      ...common,
      signal: "act",
      flagged: "install",
      next: `Look at the screen of ${name}: it began ${roughly(took)} ago to ${verb(order)}, and ${stuck(record, now)}. Switching it off and on is safe: it does it again.`,
    };
  }
  return {
    ...common,
    signal: "busy",
    next: `Nothing to do: ${name} is ${gerund(order)}${withPercent(percent)}.`,
  };
}

function stuck({ heard }: MachineRecord, now: Date): string {
  return heard === undefined
    ? "was never heard of since"
    : `was last heard of ${roughly(secondsSince(heard, now))} ago`;
}

/** The landing is on its disk: its system starts, or is in service. */
function inService(record: MachineRecord, now: Date, timeouts: SoftTimeouts): Judgement {
  const installed = record.installed as NonNullable<MachineRecord["installed"]>;
  // Nothing is known of how it came there: it was installed before this service knew it.
  if (record.stages.length === 0) {
    return {
      signal: "good",
      state: "in service",
      since: installed.since,
      cluster: installed.cluster,
      next: `Nothing to do: ${record.name} is in service of ${installed.cluster}.`,
    };
  }
  return { ...joining(record, installed.since, now, timeouts), cluster: installed.cluster };
}

/** From the first start of its own system until its node is Ready; the same again after each loss of power. */
function joining(record: MachineRecord, begun: string, now: Date, timeouts: SoftTimeouts): Judgement {
  const { name } = record;
  const cluster = record.installed?.cluster ?? record.order?.cluster ?? "its cluster";
  const last = record.stages.at(-1);
  if (last?.stage === "ready") {
    return {
      signal: "good",
      state: "ready",
      since: last.at,
      next: `Nothing to do: ${name} is ready, in service of ${cluster}.`,
    };
  }
  const system = joiningStages.has(last?.stage) ? at(record, "system") : undefined;
  const since = system ?? begun;
  const took = secondsSince(since, now);
  const common = {
    since,
    waitsFor: waitsFor(last?.stage, record),
    ...(record.percent !== undefined && { percent: record.percent }),
  };
  if (system !== undefined) {
    return took >= timeouts.join
      ? {
          ...common,
          state: "joining",
          signal: "act",
          flagged: "join",
          next: `Tell whoever deploys ${cluster}: the system of ${name} started ${roughly(took)} ago, and it waits for ${common.waitsFor}.`,
        }
      : {
          ...common,
          state: "joining",
          signal: "busy",
          next: `Nothing to do: ${name} is joining ${cluster}.`,
        };
  }
  const was = record.installed === undefined ? "asked for its system" : "was installed";
  return took >= timeouts.reboot
    ? {
        ...common,
        state: "starting",
        signal: "act",
        flagged: "reboot",
        next: `Look at the screen of ${name}: it ${was} ${roughly(took)} ago, and the system has not started. Switching it off and on is safe.`,
      }
    : {
        ...common,
        state: "starting",
        signal: "busy",
        next: `Nothing to do: ${name} is starting its system.`,
      };
}

/** Its own system runs, and its node is not Ready. */
const joiningStages: ReadonlySet<Stage | undefined> = new Set<Stage>(["system", "kubelet", "etcd", "api"]);

function failed(record: MachineRecord, order: Order): Judgement {
  const { name } = record;
  const reason = (order.reason ?? "it did not say why").replace(/\.$/, "");
  const owner = /disk belongs to cluster '?([^\s',]+)/.exec(reason)?.[1];
  return {
    signal: "act",
    state: owner === undefined ? `could not ${verb(order)}` : "refused: disk in use",
    since: order.ended ?? order.taken ?? order.made,
    next:
      owner === undefined
        ? `Tell whoever deploys ${order.cluster}: ${name} could not ${verb(order)}: ${reason}.`
        : `${name}'s disk belongs to cluster ${owner}, and nothing on it was changed. If ${owner} is still needed, put the right disk or machine in; if not, have ${owner} destroyed first, then ${order.cluster} deployed again.`,
  };
}

function expired(record: MachineRecord, order: Order): Judgement {
  return {
    signal: "look",
    state: "order expired",
    since: order.ended ?? order.expires,
    next: `${record.name} did not ask for its ${order.kind} order in time, so it was taken back. Check its power and its network cable, then have ${order.cluster} deployed again.`,
  };
}

function idle({ name, order }: MachineRecord): Judgement {
  const wiped = order?.kind === "wipe" && order.state === "done";
  return {
    signal: "idle",
    state: wiped ? "wiped" : "free",
    ...(order?.ended !== undefined && { since: order.ended }),
    next: `Nothing to do: no cluster has claimed ${name}${wiped ? " since its disk was wiped" : ""}.`,
  };
}

/** The rest of "waits for ...", by the last stage that was reached. */
function waitsFor(stage: Stage | undefined, { role, name }: MachineRecord): string {
  switch (stage) {
    case undefined:
    case "power":
    case "firmware":
      return "its network boot";
    case "ipxe":
      return "kernel and initrd to load";
    case "boot":
      return "the installer to start";
    case "install":
      return "the system to be written to its disk";
    case "ignition":
      return "its configuration to be written";
    case "installed":
      return "its own system to start";
    case "system":
      return "its keys, and its kubelet to start";
    case "kubelet":
      return role === "master" ? "etcd to answer" : `node ${name} to become Ready`;
    case "etcd":
      return "its API server to answer";
    case "api":
      return `node ${name} to become Ready`;
    case "ready":
      return "nothing";
  }
}

function verb({ kind }: Order): string {
  return { install: "install", wipe: "wipe its disk", rescue: "start the rescue system", memory: "start" }[
    kind
  ];
}

function gerund({ kind }: Order): string {
  return { install: "installing", wipe: "wiping its disk", rescue: "in rescue", memory: "starting" }[kind];
}

const withPercent = (percent: number | undefined) =>
  percent === undefined ? "" : `, ${Math.floor(percent)}%`;

function shownOrder({ kind, state, cluster, made, expires, boots, reason }: Order): MachineView["order"] {
  return defined({ kind, state, cluster, made, expires, boots, reason });
}

/** When a stage was last reached. */
function at({ stages }: MachineRecord, stage: Stage): string | undefined {
  return stages.findLast((each) => each.stage === stage)?.at;
}

const secondsSince = (then: string, now: Date) => (now.getTime() - Date.parse(then)) / 1000;

/** Without the keys that are undefined: what is not known is not there. */
function defined<T extends object>(value: { [K in keyof T]: T[K] | undefined }): T {
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as T;
}

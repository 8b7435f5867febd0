// All machines and clusters as people see them. Pure.
import type { MachineRecord } from "../machine/types.ts";
import { clusterView } from "./cluster-view.ts";
import { type ClusterReport, clusterOf, proofs } from "./conditions.ts";
import { count } from "./duration.ts";
import { machineView } from "./machine-view.ts";
import { type ReplacementReport, replacementView } from "./replacement.ts";
import { type SoftTimeouts, softTimeouts } from "./timeouts.ts";
import type { ClusterView, FleetView, MachineView, RackView, ReplacementView, Signal } from "./types.ts";

export interface FleetInput {
  readonly machines: readonly MachineRecord[];
  /** Last health report of each cluster. */
  readonly conditions: readonly ClusterReport[];
  /** Default: none. */
  readonly replacements?: readonly ReplacementReport[];
}

export function fleetView(input: FleetInput, now: Date, timeouts: SoftTimeouts = softTimeouts): FleetView {
  const proven = proofs(input.conditions);
  return fleetOf(
    input.machines.map((record) => machineView(record, now, timeouts, proven.get(clusterOf(record)))),
    input.conditions,
    replacementsOf(input.replacements ?? [], now),
  );
}

/** The same, of machines that are judged already. */
export function fleetOf(
  machines: readonly MachineView[],
  conditions: readonly ClusterReport[],
  replacements: readonly ReplacementView[] = [],
): FleetView {
  const clusters = clustersOf(machines, conditions);
  const all = [...machines, ...clusters, ...replacements];
  const { next, announcement } = sentence(machines, clusters, replacements);
  return {
    signal: worst(all.map(({ signal }) => signal)),
    next,
    announcement,
    counts: counts(machines),
    clusters,
    replacements,
    racks: racksOf(machines),
  };
}

/** By the cluster's name; of one name the latest first. */
export function replacementsOf(reports: Iterable<ReplacementReport>, now: Date): readonly ReplacementView[] {
  return [...reports]
    .map((report) => replacementView(report, now))
    .filter((view) => view !== undefined)
    .sort((a, b) => natural(a.name, b.name) || natural(b.green, a.green));
}

function clustersOf(
  machines: readonly MachineView[],
  conditions: readonly ClusterReport[],
): readonly ClusterView[] {
  const byCluster = Map.groupBy(machines, ({ cluster }) => cluster);
  const reports = new Map(conditions.map((report) => [report.cluster, report]));
  // A report outlives its cluster; one without machines is gone.
  return [...byCluster.keys()]
    .filter((name) => name !== undefined)
    .sort(natural)
    .map((name) => clusterView(name, byCluster.get(name) ?? [], reports.get(name)));
}

function racksOf(machines: readonly MachineView[]): readonly RackView[] {
  return [...Map.groupBy(machines, ({ site, rack }) => JSON.stringify([site, rack ?? null])).values()]
    .map((members) => {
      const { site, rack } = members[0] as MachineView;
      return {
        site,
        ...(rack !== undefined && { rack }),
        signal: worst(members.map(({ signal }) => signal)),
        machines: members.toSorted(fromTop(members)),
      };
    })
    .sort(
      (a, b) =>
        natural(a.site, b.site) ||
        Number(a.rack === undefined) - Number(b.rack === undefined) ||
        natural(a.rack ?? "", b.rack ?? ""),
    );
}

/** As one stands before it: units of a rack are counted from its floor; anything else from the top. */
function fromTop(members: readonly MachineView[]): (a: MachineView, b: MachineView) => number {
  const places = members.map(({ position }) => position).filter((position) => position !== undefined);
  const up = places.every((position) => /^u?\d+$/i.test(position)) ? -1 : 1;
  return (a, b) => byPosition(a, b, up);
}

function byPosition(a: MachineView, b: MachineView, up: 1 | -1): number {
  return (
    Number(a.position === undefined) - Number(b.position === undefined) ||
    up * natural(a.position ?? "", b.position ?? "") ||
    natural(a.name, b.name) ||
    natural(a.mac, b.mac)
  );
}

/** U9 before U10. Not by the computer's locale: the same everywhere. */
export function natural(a: string, b: string): number {
  const [left, right] = [a, b].map((text) => text.match(/\d+|\D+/g) ?? []);
  for (const [index, part] of left!.entries()) {
    const other = right![index];
    if (other === undefined) return 1;
    const numbers = /^\d/.test(part) && /^\d/.test(other);
    const order = numbers ? Number(part) - Number(other) : Number(part > other) - Number(part < other);
    if (order !== 0) return order;
  }
  return left!.length < right!.length ? -1 : Number(a > b) - Number(a < b);
}

const severity: readonly Signal[] = ["act", "look", "busy", "good", "idle"];

export function worst(signals: readonly Signal[]): Signal {
  return severity.find((signal) => signals.includes(signal)) ?? "idle";
}

function counts(machines: readonly MachineView[]): Record<Signal, number> {
  const result = { good: 0, busy: 0, look: 0, act: 0, idle: 0 };
  for (const { signal } of machines) result[signal] += 1;
  return result;
}

/** The worst first, and of those the one that has waited longest. */
function sentence(
  machines: readonly MachineView[],
  clusters: readonly ClusterView[],
  replacements: readonly ReplacementView[],
): Pick<FleetView, "next" | "announcement"> {
  for (const signal of ["act", "look"] as const) {
    const concerned = machines
      .filter((machine) => machine.signal === signal)
      .toSorted(
        (a, b) => Number((a.since ?? "") > (b.since ?? "")) - Number((a.since ?? "") < (b.since ?? "")),
      );
    const [first] = concerned;
    const names = concerned.slice(0, 5).map(({ name }) => name);
    const more = concerned.length > names.length ? ` and ${concerned.length - names.length} more` : "";
    const who = `${names.join(", ")}${more}`;
    if (first !== undefined) {
      const others = concerned.length - 1;
      return {
        next: others === 0 ? first.next : `${first.next} Then ${count(others, "other machine")}.`,
        announcement: `${signal === "act" ? "Something to do" : "Worth a look"}: ${who}.`,
      };
    }
    const replacement = replacements.find((each) => each.signal === signal);
    if (replacement !== undefined) return { next: replacement.next, announcement: replacement.announcement };
    const cluster = clusters.find((each) => each.signal === signal);
    if (cluster !== undefined) return { next: cluster.summary, announcement: cluster.summary };
  }
  const underWay = replacements.find(({ signal }) => signal === "busy");
  if (underWay !== undefined) return { next: underWay.next, announcement: underWay.announcement };
  if (machines.length === 0) {
    const none = "No machine is known yet: the first deploy makes them known.";
    return { next: none, announcement: none };
  }
  const busy = machines.filter(({ signal }) => signal === "busy");
  const [good, idle] = (["good", "idle"] as const).map(
    (signal) => machines.filter((machine) => machine.signal === signal).length,
  );
  const rest = [...(good ? [`${good} in service`] : []), ...(idle ? [`${idle} free`] : [])];
  if (busy.length === 0) {
    const quiet = `Nothing to do: ${rest.join(", ")}.`;
    return { next: quiet, announcement: quiet };
  }
  const states = [...Map.groupBy(busy, ({ state }) => state)].map(
    ([state, { length }]) => `${length} ${state}`,
  );
  const percents = busy.map(({ percent }) => percent).filter((percent) => percent !== undefined);
  const slowest = percents.length === 0 ? "" : `, the slowest at ${Math.floor(Math.min(...percents))}%`;
  const announcement = `Nothing to do: ${[...states, ...rest].join(", ")}.`;
  if (busy.length === 1 && machines.length === 1) return { next: busy[0]!.next, announcement };
  return { next: `Nothing to do: ${[...states, ...rest].join(", ")}${slowest}.`, announcement };
}

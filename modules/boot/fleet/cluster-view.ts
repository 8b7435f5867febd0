import type { ClusterReport } from "./conditions.ts";
import { count } from "./duration.ts";
import type { ClusterView, MachineView, Signal } from "./types.ts";

/** A cluster's conditions; while its machines are on their way, conditions that do not hold yet alarm nobody. */
export function clusterView(
  cluster: string,
  machines: readonly MachineView[],
  report: ClusterReport | undefined,
): ClusterView {
  const conditions = (report?.conditions ?? []).map(({ name, ok, describe, evidence }) => ({
    name,
    ok,
    describe,
    evidence,
  }));
  const { signal, summary } = judge(cluster, machines, conditions);
  return {
    cluster,
    signal,
    summary,
    ...(report?.checked !== undefined && { checked: report.checked }),
    conditions,
  };
}

function judge(
  cluster: string,
  machines: readonly MachineView[],
  conditions: ClusterView["conditions"],
): { signal: Signal; summary: string } {
  const good = machines.filter(({ signal }) => signal === "good").length;
  const concerned = machines.filter(({ signal }) => signal === "act" || signal === "look").length;
  const ready = `${good} of ${count(machines.length, "machine")} in service`;
  const failing = conditions.filter(({ ok }) => !ok);
  if (good + concerned < machines.length) {
    return { signal: "busy", summary: `${cluster} is landing: ${ready}.` };
  }
  const [first] = failing;
  if (first !== undefined) {
    const others =
      failing.length === 1
        ? ""
        : ` So do ${failing
            .slice(1)
            .map(({ name }) => name)
            .join(", ")}.`;
    return {
      signal: "act",
      summary: `Tell whoever runs ${cluster}: its condition ${first.name} fails: ${first.evidence.replace(/\.$/, "")}.${others}`,
    };
  }
  if (concerned > 0)
    return {
      signal: "busy",
      summary: `${cluster}: ${ready}; ${concerned} need${concerned === 1 ? "s" : ""} a look.`,
    };
  const holds = conditions.length === 0 ? "its conditions were not checked yet" : "all conditions hold";
  return { signal: conditions.length === 0 ? "busy" : "good", summary: `${cluster}: ${ready}, ${holds}.` };
}

// Rules of `replacement.workloads`: what cannot be said at the same time.
import type { ClusterFile, Report } from "./types.ts";

export function checkWorkloads(file: ClusterFile, report: Report): void {
  const workloads = file.partial.replacement?.workloads;
  const path = ["replacement", "workloads"];
  if (workloads?.copy !== undefined && workloads.gitops !== undefined) {
    report(file, [...path, "gitops"], "found copy and gitops, expected one of them", "key");
  }
  workloads?.gitops?.conditions?.forEach((condition, index) => {
    const given = [condition?.condition, condition?.field].filter((each) => each !== undefined);
    if (condition === undefined || given.length === 1) return;
    const found = given.length === 0 ? "neither condition nor field" : "condition and field";
    report(file, [...path, "gitops", "conditions", index], `found ${found}, expected one of them`);
  });
}

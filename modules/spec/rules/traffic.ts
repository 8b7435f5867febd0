// Rules of `replacement.traffic`.
import { checkPlaceholders } from "./placeholders.ts";
import type { ClusterFile, Report } from "./types.ts";

export function checkTraffic(file: ClusterFile, report: Report): void {
  const traffic = file.partial.replacement?.traffic;
  const path = ["replacement", "traffic"];
  checkPlaceholders(file, [...path, "ready"], traffic?.ready, ["cluster"], report);
  for (const key of ["start", "stop"] as const)
    checkPlaceholders(file, [...path, "drain", key], traffic?.drain?.[key], ["cluster"], report);
  if (traffic?.driver !== "command") return;
  checkCanary(file, traffic.shares === "all-or-nothing" ? [0, 100] : undefined, report);
  checkPlaceholders(file, [...path, "show"], traffic.show, ["from", "to"], report);
  checkPlaceholders(file, [...path, "shift"], traffic.shift, ["from", "to", "share"], report);
}

/** @param shares that the driver can do, or undefined for any */
function checkCanary(file: ClusterFile, shares: readonly number[] | undefined, report: Report): void {
  const share = file.partial.replacement?.canary?.share;
  if (share === undefined || shares === undefined || shares.includes(share)) return;
  const between = shares.slice(1, -1);
  const expected = between.length === 0 ? "no canary: it is all or nothing" : `one of ${between.join(", ")}`;
  report(
    file,
    ["replacement", "canary", "share"],
    `found ${share}, which replacement.traffic cannot do; expected ${expected}`,
  );
}

// Rules of the block `replacement`.
import { reportRepeats } from "./repeats.ts";
import type { ClusterFile, Report } from "./types.ts";

export function checkReplacement(file: ClusterFile, report: Report): void {
  const checks = file.partial.replacement?.checks ?? [];
  reportRepeats(
    checks.map((check, index) => ({
      file,
      path: ["replacement", "checks", index, "name"],
      key: check?.name,
      shown: `the check ${check?.name}`,
    })),
    "a name of its own for each check",
    report,
  );
  checks.forEach((check, index) => {
    if (check === undefined) return;
    const ways = (["command", "job"] as const).filter((way) => Object.hasOwn(check, way));
    if (ways.length === 1) return;
    const found = ways.length === 0 ? "found neither command nor job" : "found both command and job";
    report(file, ["replacement", "checks", index], `${found}, expected one of them`);
  });
}

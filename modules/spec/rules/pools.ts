// Rules of the masters and of pools, their machines' claims apart.
import { posix } from "node:path";
import type { Path } from "../document.ts";
import type { ClaimedPool } from "./claims.ts";
import { checkLabels, checkTaint } from "./labels.ts";
import { reportRepeats } from "./repeats.ts";
import type { ClusterFile, Report } from "./types.ts";

const mostMasters = 7;

export function checkPools(file: ClusterFile, claimed: readonly ClaimedPool[], report: Report): void {
  const { masters, pools = [] } = file.partial;
  const count = masters?.machines?.length;
  if (count !== undefined && (count % 2 === 0 || count > mostMasters)) {
    const why = count % 2 === 0 ? ": an even number survives no more losses than one less" : "";
    report(file, ["masters", "machines"], `found ${count} masters, expected 1, 3, 5 or 7${why}`);
  }
  reportRepeats(
    pools.map((pool, index) => ({
      file,
      path: ["pools", index, "name"],
      key: pool?.name,
      shown: `the pool ${JSON.stringify(pool?.name)}`,
    })),
    "each name once",
    report,
  );
  checkLabels(file, ["masters", "labels"], masters?.labels, report);
  checkFiles(file, ["masters", "files"], masters?.files, report);
  pools.forEach((pool, index) => {
    const path = ["pools", index];
    if (pool?.name === "masters") {
      report(file, [...path, "name"], 'found "masters", the name of the control plane; expected another');
    }
    checkLabels(file, [...path, "labels"], pool?.labels, report);
    checkFiles(file, [...path, "files"], pool?.files, report);
    checkTaints(file, [...path, "taints"], pool?.taints, report);
  });
  for (const pool of claimed) checkDisks(file, pool, report);
}

/** A pool's machines share one profile, and so one disk to install to, or none. */
function checkDisks(file: ClusterFile, pool: ClaimedPool, report: Report): void {
  const known = pool.claims.filter(({ machine }) => machine?.disk !== undefined);
  const [first] = known;
  for (const { path, name, machine } of known.slice(1)) {
    const disk = machine!.disk;
    const wanted = first!.machine!.disk;
    if (disk === wanted) continue;
    const found = `${name} with ${disk === null ? "no disk" : `the disk ${disk}`}`;
    const expected = `${wanted === null ? "no disk" : wanted} as ${first!.name} has`;
    report(file, path, `found ${found}, expected ${expected}: the machines of a pool are alike`);
  }
}

type WrittenFiles = NonNullable<ClusterFile["partial"]["masters"]>["files"];
type WrittenTaints = NonNullable<NonNullable<ClusterFile["partial"]["pools"]>[number]>["taints"];

function checkTaints(file: ClusterFile, path: Path, taints: WrittenTaints = [], report: Report): void {
  taints.forEach((taint, index) => {
    if (taint !== undefined) checkTaint(file, [...path, index], taint, report);
  });
  reportRepeats(
    taints.map((taint, index) => ({
      file,
      path: [...path, index],
      key:
        taint?.key === undefined || taint.effect === undefined ? undefined : `${taint.key}:${taint.effect}`,
      shown: `the taint ${taint?.key}:${taint?.effect}`,
    })),
    "each key and effect once",
    report,
  );
}

/** Folders that Landfall writes itself, or that are no files on a disk. */
const ours = ["/etc/kubernetes", "/etc/landfall", "/usr/lib/landfall", "/dev", "/proc", "/run", "/sys"];

function checkFiles(file: ClusterFile, path: Path, files: WrittenFiles = [], report: Report): void {
  reportRepeats(
    files.map((each, index) => ({
      file,
      path: [...path, index, "path"],
      key: each?.path,
      shown: `the file ${each?.path}`,
    })),
    "each path once",
    report,
  );
  files.forEach((each, index) => {
    const at = [...path, index];
    if (each?.path !== undefined) {
      const plain = posix.normalize(each.path).replace(/\/$/, "");
      const owner = ours.find((folder) => plain === folder || plain.startsWith(`${folder}/`));
      if (plain !== each.path) {
        report(
          file,
          [...at, "path"],
          `found ${JSON.stringify(each.path)}, expected the plain path of a file`,
        );
      } else if (owner !== undefined) {
        report(file, [...at, "path"], `found ${plain}, expected a path outside ${owner}, which is not yours`);
      }
    }
    const mode = file.source.written([...at, "mode"]);
    if (mode !== undefined && /^0[0-7]+$/.test(mode)) {
      const expected = `expected 0o${mode.slice(1)}`;
      report(file, [...at, "mode"], `found ${mode}, which YAML reads as a decimal number; ${expected}`);
    }
    if (each?.contents !== undefined && /-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----/.test(each.contents)) {
      const expected = "expected no secret: every machine may read this";
      report(file, [...at, "contents"], `found a private key, ${expected}`);
    }
  });
}

// Which machines clusters claim: each is known to the site, and is claimed once.
import type { Path } from "../document.ts";
import { didYouMean } from "../suggest.ts";
import type { MachineFact, SiteFacts } from "./facts.ts";
import { reportRepeats } from "./repeats.ts";
import type { ClusterFile, Report } from "./types.ts";

export interface Claim {
  readonly path: Path;
  readonly name: string;
  /** Undefined when the site has no such machine, or could not be read. */
  readonly machine: MachineFact | undefined;
}

/** The masters, or one pool of workers. */
export interface ClaimedPool {
  readonly path: Path;
  readonly master: boolean;
  readonly claims: readonly Claim[];
}

export function readClaims(cluster: ClusterFile, site: SiteFacts | undefined): ClaimedPool[] {
  const claimed = (
    path: Path,
    master: boolean,
    names: readonly (string | undefined)[] = [],
  ): ClaimedPool => ({
    path,
    master,
    claims: names.flatMap((name, index) =>
      name === undefined ? [] : { path: [...path, "machines", index], name, machine: site?.byName.get(name) },
    ),
  });
  const { masters, pools = [] } = cluster.partial;
  return [
    claimed(["masters"], true, masters?.machines),
    ...pools.map((pool, index) => claimed(["pools", index], false, pool?.machines)),
  ];
}

/** `clusters` are those that name the same site, which may be missing. */
export function checkClaims(
  site: SiteFacts | undefined,
  clusters: readonly { readonly file: ClusterFile; readonly pools: readonly ClaimedPool[] }[],
  report: Report,
): void {
  const claims = clusters.flatMap(({ file, pools }) =>
    pools.flatMap((pool) => pool.claims.map((claim) => ({ file, ...claim }))),
  );
  for (const { file, path, name, machine } of claims) {
    if (site === undefined || !site.complete || machine !== undefined || site.names.includes(name)) continue;
    const hint = didYouMean(name, site.byName.keys());
    const expected = `expected one of ${site.file.source.file}`;
    report(file, path, `found the unknown machine ${JSON.stringify(name)}, ${expected}${hint}`);
  }
  reportRepeats(
    claims.map(({ file, path, name }) => ({
      file,
      path,
      key: name,
      shown: `the machine ${JSON.stringify(name)} claimed`,
    })),
    "a machine that nothing else claims",
    report,
  );
}

// Which machines clusters claim: each is known to the site, and is claimed once. Versions of one cluster may name the same
// machine, which goes from one to the other (who holds it at a time is modules/claims' affair). Their pods' and Services'
// ranges may be the same too: a node's routes come from the nodes of its own API alone, and are announced to no router.
import type { Path } from "../document.ts";
import { didYouMean } from "../suggest.ts";
import type { MachineFact, SiteFacts } from "./facts.ts";
import { type ClusterFile, type Report, where } from "./types.ts";

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
  const earlier = new Map<string, { readonly file: ClusterFile; readonly path: Path }[]>();
  for (const { file, path, name } of claims) {
    const before = earlier.get(name) ?? [];
    earlier.set(name, [...before, { file, path }]);
    const other = before.find((claim) => !areVersions(claim.file, file));
    if (other === undefined) continue;
    const found = `found the machine ${JSON.stringify(name)} claimed again (first at ${where(other.file, other.path)})`;
    report(file, path, `${found}, expected a machine that only another version of the same cluster claims`);
  }
}

/** Whether two files are versions of one cluster, and so may name the same machines. */
function areVersions({ partial: one }: ClusterFile, { partial: other }: ClusterFile): boolean {
  const known = one.name !== undefined && one.version !== undefined && other.version !== undefined;
  return known && one.name === other.name && one.version !== other.version;
}

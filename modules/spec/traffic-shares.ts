// Shares of traffic out of numbers of addresses: clients choose one of those that a name has.

/** How many addresses of each cluster a name gets, for a share of green's in percent. */
export interface Mix {
  readonly from: number;
  readonly to: number;
}

/** The shares that can be mixed for every family that the addresses are of, rising. */
export function sharesOf(from: readonly string[], to: readonly string[]): readonly number[] {
  const possible = families(from, to).map(
    (count) => new Set(mixes(count.from, count.to).map(({ share }) => share)),
  );
  const [first = new Set<number>(), ...rest] = possible;
  return [...first].filter((share) => rest.every((set) => set.has(share))).sort((a, b) => a - b);
}

/** The mix of most addresses that comes to a share, or undefined if none does. */
export function mixFor(share: number, from: number, to: number): Mix | undefined {
  return mixes(from, to)
    .filter((mix) => mix.share === share)
    .sort((a, b) => b.from + b.to - (a.from + a.to))[0];
}

/** Percent of green's, rounded; of nothing there is none. */
export function shareOf({ from, to }: Mix): number {
  return Math.round((100 * to) / (from + to));
}

function mixes(from: number, to: number): (Mix & { readonly share: number })[] {
  return Array.from({ length: from + 1 }, (_, blue) =>
    Array.from({ length: to + 1 }, (_, green) => ({ from: blue, to: green })),
  )
    .flat()
    .filter((mix) => mix.from + mix.to > 0)
    .map((mix) => ({ ...mix, share: shareOf(mix) }));
}

function families(from: readonly string[], to: readonly string[]): Mix[] {
  const of = (list: readonly string[], six: boolean) => list.filter((a) => a.includes(":") === six).length;
  return [false, true]
    .map((six) => ({ from: of(from, six), to: of(to, six) }))
    .filter((mix) => mix.from + mix.to > 0);
}

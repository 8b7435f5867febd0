import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { type Cluster, loadFiles } from "../spec/index.ts";
import { exampleCluster, exampleSite, names } from "./example.ts";
import { plan } from "./plan.ts";
import type { Plan } from "./types.ts";

const siteFile = "/project/site.yaml";
const site = exampleSite(5, 40);

/** 1, 3 or 5 masters and up to 40 workers, dealt out to pools. */
const cluster = fc
  .record({
    masters: fc.constantFrom(1, 3, 5),
    workers: fc.shuffledSubarray(names("w", 40), { minLength: 1 }),
    pools: fc.integer({ min: 1, max: 4 }),
  })
  .map(({ masters, workers, pools }) => {
    const dealt = Map.groupBy(workers, (_, i) => `pool${i % pools}`);
    return exampleCluster(names("m", masters), Object.fromEntries(dealt));
  });

/** A cluster, one of its pools, and a place in that pool's list of machines. */
const clusterAndPlace = cluster.chain((whole) =>
  fc.nat((whole.pools ?? []).length - 1).chain((pool) => {
    const { machines } = whole.pools![pool]!;
    return fc.record({
      whole: fc.constant(whole),
      pool: fc.constant(pool),
      place: fc.nat(machines.length - 1),
    });
  }),
);

function without(whole: Cluster, pool: number, place: number): Cluster {
  const pools = whole.pools!.map((each, i) =>
    i === pool ? { ...each, machines: each.machines.filter((_, n) => n !== place) } : each,
  );
  return { ...whole, pools };
}

function planOf(from: Cluster): Plan {
  return plan({ site, siteFile, cluster: from });
}

/** All that a plan says of each machine, by name. */
function perMachine({ machines, certificates }: Plan): Map<string, unknown> {
  return new Map(
    machines.map((machine) => [
      machine.name,
      { machine, certificates: certificates.filter((c) => c.machine === machine.name) },
    ]),
  );
}

describe("a plan", () => {
  test("is the same every time, byte by byte, and leaves what it is given alone", () => {
    fc.assert(
      fc.property(cluster, (each) => {
        const before = JSON.stringify({ site, each });
        expect(JSON.stringify(planOf(structuredClone(each)))).toBe(JSON.stringify(planOf(each)));
        expect(JSON.stringify({ site, each })).toBe(before);
      }),
    );
  });

  test("with a machine more or less, anywhere, says the same of all others and of the cluster", () => {
    fc.assert(
      fc.property(clusterAndPlace, ({ whole, pool, place }) => {
        const name = whole.pools![pool]!.machines[place]!;
        const full = planOf(whole);
        const less = planOf(without(whole, pool, place));
        const others = perMachine(full);
        others.delete(name);
        expect(perMachine(less)).toEqual(others);
        const rest = ({ endpoint, network, boot, timeouts, certificates }: Plan) => ({
          endpoint,
          network,
          boot,
          timeouts,
          admin: certificates[0],
        });
        expect(rest(less)).toEqual(rest(full));
        const profiles = (p: Plan) => p.pools.map(({ machines, disk, ...profile }) => profile);
        expect(profiles(less)).toEqual(profiles(full));
      }),
    );
  });

  test("without machines that its file names says the same as the file without them, and keeps each pool's profile", () => {
    const some = fc.shuffledSubarray(names("w", 40));
    fc.assert(
      fc.property(cluster, some, (whole, away) => {
        const full = planOf(whole);
        const less = plan({ site, siteFile, cluster: whole, without: new Set(away) });
        const others = perMachine(full);
        for (const name of away) others.delete(name);
        expect(perMachine(less)).toEqual(others);
        const profiles = (p: Plan) => p.pools.map(({ machines, ...profile }) => profile);
        expect(profiles(less)).toEqual(profiles(full));
      }),
    );
  });

  test("asks for each certificate once, and for each place on a machine once", () => {
    fc.assert(
      fc.property(cluster, (each) => {
        const { certificates } = planOf(each);
        const ids = certificates.map(({ id }) => id);
        expect(new Set(ids).size).toBe(ids.length);
        const places = certificates.flatMap(({ machine, target }) =>
          target === undefined ? [] : [`${machine} ${target}`],
        );
        expect(new Set(places).size).toBe(places.length);
      }),
    );
  });

  test("does not depend on the order of keys in the files", () => {
    fc.assert(
      fc.property(cluster, fc.infiniteStream(fc.nat()), (each, order) => {
        const read = (mix: (value: unknown) => unknown) => {
          const texts: Record<string, string> = {
            "c/site.yaml": stringify(mix(site)),
            "c/prod-v2.yaml": stringify(mix(each)),
          };
          const loaded = loadFiles((path) => texts[path], Object.keys(texts), { knownReleases: ["1.34.1"] });
          if (!loaded.ok) throw new Error(JSON.stringify(loaded.diagnostics));
          const [found] = loaded.project.clusters;
          return plan({ site: found!.site, siteFile, cluster: found!.cluster });
        };
        const shuffled = read((value) => withKeysShuffled(value, () => order.next().value as number));
        expect(JSON.stringify(shuffled)).toBe(JSON.stringify(read((value) => value)));
      }),
      { numRuns: 25 },
    );
  });
});

function withKeysShuffled(value: unknown, random: () => number): unknown {
  if (Array.isArray(value)) return value.map((item) => withKeysShuffled(item, random));
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(
    ([key, item]) => [random(), key, withKeysShuffled(item, random)] as const,
  );
  entries.sort(([a], [b]) => a - b);
  return Object.fromEntries(entries.map(([, key, item]) => [key, item]));
}

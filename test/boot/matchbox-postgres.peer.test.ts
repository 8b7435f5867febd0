// The wire on PostgreSQL: what one replica is told, the other one answers, as real Matchbox does.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { postgresServer } from "../../modules/boot/store/example-postgres.ts";
import { startLandfallBoot, startMatchbox } from "../support/matchbox.ts";
import { peerTools } from "../support/tools.ts";
import { ask, outcome, type Peer, sortedLines, withClients } from "./peers.ts";

const folder = mkdtempSync(join(tmpdir(), "landfall-boot-postgres-"));
const postgres = postgresServer();
let real: Peer;
let first: Peer;
let second: Peer;

beforeAll(async () => {
  const { matchbox } = await peerTools();
  await postgres.start();
  const env = { LANDFALL_BOOT_DATABASE: postgres.connection };
  const ours = (name: string) => startLandfallBoot(join(folder, name), ["-store=postgres"], { env });
  [real, first, second] = await Promise.all([
    startMatchbox(matchbox, join(folder, "real")).then(withClients),
    ours("first").then(withClients),
    ours("second").then(withClients),
  ]);
}, 600_000);
afterAll(async () => {
  await Promise.all([real?.stop(), first?.stop(), second?.stop()]);
  await postgres.remove();
  rmSync(folder, { recursive: true });
}, 60_000);

const pair = fc.tuple(fc.constantFrom("os", "arch", "a"), fc.constantFrom("", "x", "y", "ü"));
const selector = fc.array(pair, { maxLength: 3 }).map((pairs) => Object.fromEntries(pairs));

it("selects as Matchbox does, at the replica that was told and at the other", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(selector, { minLength: 1, maxLength: 8 }),
      fc.array(selector, { minLength: 5, maxLength: 10 }),
      async (selectors, queries) => {
        for (const peer of [real, first]) {
          const { groups } = await peer.groups.groupList({});
          for (const { id } of groups) await peer.groups.groupDelete({ id });
          for (const [index, each] of selectors.entries()) {
            const metadata = Buffer.from(JSON.stringify({ g: index }));
            await peer.groups.groupPut({
              group: { id: `g${index}`, profile: "p", selector: each, metadata },
            });
          }
        }
        for (const query of queries) {
          const path = `/metadata?${new URLSearchParams(query)}`;
          const wanted = sortedLines(await ask(real, path));
          expect(sortedLines(await ask(first, path))).toEqual(wanted);
          await expect
            .poll(async () => sortedLines(await ask(second, path)), { interval: 5 })
            .toEqual(wanted);
          const selected = await outcome(real.select.selectGroup({ labels: query }), real);
          expect(await outcome(first.select.selectGroup({ labels: query }), first)).toEqual(selected);
        }
      },
    ),
    { numRuns: 25 },
  );
});

it("gives back what was put, byte for byte, and says what is missing", async () => {
  const config = Buffer.from(`{"ignition":{"version":"3.3.0"}}\n`);
  for (const peer of [real, first]) {
    await peer.profiles.profilePut({
      profile: { id: "p", boot: { kernel: "k", args: ["<&>"] }, ignitionId: "p.ign" },
    });
    await peer.ignition.ignitionPut({ name: "p.ign", config });
    await peer.generic.genericPut({ name: "g", config });
  }
  for (const peer of [first, second]) {
    expect(await peer.profiles.profileGet({ id: "p" })).toEqual(await real.profiles.profileGet({ id: "p" }));
    expect(await peer.profiles.profileList({})).toEqual(await real.profiles.profileList({}));
    expect(await peer.ignition.ignitionGet({ name: "p.ign" })).toEqual(
      await real.ignition.ignitionGet({ name: "p.ign" }),
    );
    const missing = { code: "Unknown", message: "open DATA/generic/none: no such file or directory" };
    expect(await outcome(peer.generic.genericGet({ name: "none" }), peer)).toEqual(missing);
    expect(await outcome(real.generic.genericGet({ name: "none" }), real)).toEqual(missing);
  }
});

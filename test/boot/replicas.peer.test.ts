// Two replicas of the boot service, as processes, on one real PostgreSQL; one of them is killed while twenty machines
// install.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { BootClient } from "../../modules/boot/index.ts";
import { postgresServer } from "../../modules/boot/store/example-postgres.ts";
import { clientOf } from "../support/boot-client.ts";
import { type Matchbox, startLandfallBoot } from "../support/matchbox.ts";
import { withClients } from "./peers.ts";
import { simulatedMachine } from "./simulated-machine.ts";

const folder = mkdtempSync(join(tmpdir(), "landfall-replicas-"));
const postgres = postgresServer();
const running: Matchbox[] = [];
const clients: BootClient[] = [];

beforeAll(() => postgres.start(), 90_000);
afterAll(async () => {
  for (const client of clients) client.close();
  await Promise.all(running.map((replica) => replica.kill()));
  await postgres.remove();
  rmSync(folder, { recursive: true });
}, 60_000);

async function replica(name: string): Promise<Matchbox> {
  const started = await startLandfallBoot(join(folder, name), ["-store=postgres"], {
    env: { LANDFALL_BOOT_DATABASE: postgres.connection },
  });
  running.push(started);
  return started;
}

function openClient(service: Matchbox): BootClient {
  const client = clientOf(service);
  clients.push(client);
  return client;
}

const count = 20;
const macs = Array.from({ length: count }, (_, index) => `52:54:00:00:01:${String(index + 10)}`);
const landing = { cluster: "lab-v1", generation: "0123456789abcdef" };

test("one of two is killed in the middle of twenty installs: nothing is lost, and no order is taken twice", async () => {
  // Both make the schema of the same empty database.
  const [first, second] = await Promise.all([replica("first"), replica("second")]);
  const { profiles, groups, ignition } = withClients(first);
  await ignition.ignitionPut({ name: "lab.ign", config: Buffer.from('{"ignition":{"version":"3.4.0"}}') });
  await profiles.profilePut({
    profile: {
      id: "lab",
      ignitionId: "lab.ign",
      boot: { kernel: "/assets/kernel", initrd: [], args: ["quiet"] },
    },
  });
  const deployers = [openClient(first), openClient(second)];
  await Promise.all(
    macs.map(async (mac, index) => {
      const group = { id: `lab-${index}`, profile: "lab", selector: { mac } };
      await groups.groupPut({ group });
      await deployers[index % 2]!.register({ mac, name: `m${index}`, site: "lab" });
      // Of two deployers at once, one after the other is told the same order.
      const orders = await Promise.all(
        deployers.map((deployer) => deployer.arm({ mac, ...landing, kind: "install", seconds: 600 })),
      );
      expect(new Set(orders.map(({ order }) => order?.id)).size).toBe(1);
    }),
  );
  const watched = new Set<string>();
  const stop = new AbortController();
  const watching = (async () => {
    for await (const { mac, installed } of deployers[1]!.watch(stop.signal)) if (installed) watched.add(mac);
  })();

  const machines = macs.map((mac, index) =>
    simulatedMachine(
      mac,
      index % 2 ? [first.http, second.http] : [second.http, first.http],
      () => 50 + index * 10,
    ),
  );
  const installs = machines.map(async (machine, index) => {
    // Every third loses its power in the middle, each at another step.
    if (index % 3 === 0) expect(await machine.start(1 + (index % 6))).toBe("cut");
    expect(await machine.start()).toBe("installed");
  });
  for (let done = 0; done < count / 3; ) {
    done = (await deployers[1]!.list()).filter(({ installed }) => installed).length;
    await setTimeout(10);
  }
  await first.kill();
  const before = (await deployers[1]!.list()).filter(({ installed }) => installed).length;
  expect(before).toBeLessThan(count);
  await Promise.all(installs);

  const third = await replica("third");
  const records = await openClient(third).list();
  expect(records).toEqual(await deployers[1]!.list());
  expect(records.map(({ mac }) => mac)).toEqual(macs);
  for (const [index, { order, installed }] of records.entries()) {
    const machine = machines[index]!;
    expect(installed).toMatchObject(landing);
    expect(order).toMatchObject({ state: "done", kind: "install" });
    // One order, for all of its attempts; and one attempt, where no power was cut.
    expect(new Set(machine.writes)).toEqual(new Set([order!.id]));
    expect(machine.writes.length).toBeLessThanOrEqual(index % 3 === 0 ? 2 : 1);
    expect(order!.boots).toBeGreaterThanOrEqual(machine.writes.length);
  }
  // Left on network boot, whichever replica it asks.
  for (const machine of machines) expect(await machine.start()).toBe("local");
  await expect.poll(() => watched.size, { timeout: 10_000 }).toBe(count);
  stop.abort();
  await watching;
}, 120_000);

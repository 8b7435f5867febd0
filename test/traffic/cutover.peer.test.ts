// What clients see of a cut-over, and of the way back: two HTTP servers, haproxy, and the driver `command`. The cluster that
// has lost the traffic is stopped without a word once the cut-over says that it has drained.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { runCommand } from "../../modules/power/index.ts";
import {
  connect,
  cutover,
  openTraffic,
  planTraffic,
  resolveAt,
  type Traffic,
} from "../../modules/traffic/index.ts";
import { freePorts } from "../support/ports.ts";
import { type Clients, kinds, startClients } from "./clients.ts";
import { type Balancer, startBalancer } from "./haproxy.ts";
import { clock, heeded, noApi, thereAndBack } from "./round-trip.ts";
import { type WebServer, webServer } from "./web-server.ts";

describe.each(["http", "tcp"] as const)("behind haproxy in mode %s", (mode) => {
  let folder: string;
  let balancer: Balancer;
  let clients: Clients;
  let blue: WebServer;
  let green: WebServer;
  let traffic: Traffic;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "landfall-cutover-"));
    const [front, ...servers] = (await freePorts(3)) as [number, number, number];
    [blue, green] = [webServer("prod-v1", servers[0]), webServer("prod-v2", servers[1])];
    await Promise.all([blue.start(), green.start()]);
    balancer = await startBalancer({ folder, mode, port: front, servers });
    const own = openTraffic({
      plan: planTraffic({
        from: "prod-v1",
        to: "prod-v2",
        folder,
        file: join(folder, "prod-v2.yaml"),
        traffic: {
          driver: "command",
          show: [...balancer.show],
          shift: [...balancer.shift],
          timeout: 20,
          drain: { seconds: 1 },
        },
      }),
      deps: { env: {}, readFile: async () => "", runCommand, resolve: resolveAt, connect, api: noApi, clock },
    });
    traffic = {
      ...own,
      ready: (side) => connect("127.0.0.1", side === "from" ? servers[0] : servers[1], undefined),
      ...heeded({ from: blue, to: green }),
    };
    clients = startClients({ host: "127.0.0.1", port: front });
    await clients.heard();
  });
  afterEach(async () => {
    await clients.stop();
    await balancer.stop();
    await Promise.all([blue.stop(), green.stop()]);
    rmSync(folder, { recursive: true });
  });

  const go = (share: number) => cutover({ traffic, share, clock, say: () => {} });

  test("nobody who makes a new connection, or leaves one when asked, loses a request", async () => {
    // Of the rest, one request a connection and a cut-over at most: three clients, there and back.
    const ignoringAtMost = mode === "http" ? 0 : 6;
    const name = `behind haproxy, mode ${mode}`;
    await thereAndBack({ traffic, clients, blue, green, name, ignoringAtMost });
  });

  test("a canary gets some of it, and both go on", async () => {
    const before = clients.counts.new.by["prod-v2"] ?? 0;
    await go(30);
    await expect.poll(() => (clients.counts.new.by["prod-v2"] ?? 0) - before).toBeGreaterThan(20);
    const blues = clients.counts.new.by["prod-v1"] ?? 0;
    await expect.poll(() => clients.counts.new.by["prod-v1"] ?? 0).toBeGreaterThan(blues + 20);
    expect(kinds.map((kind) => clients.counts[kind].failed)).toEqual([0, 0, 0]);
  });

  test("a cluster that stops without a cut-over is noticed: the counters count", async () => {
    await blue.stop();
    await clients.heard();
    for (const kind of kinds) expect(clients.counts[kind].failed).toBeGreaterThan(0);
  });
});

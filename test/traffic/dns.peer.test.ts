// What clients see of a cut-over by DNS, and of the way back: Debian's BIND, clients that keep an answer for as long as its
// TTL says, and two HTTP servers of which the one that has lost the traffic is stopped without a word once it has drained.
import { Resolver } from "node:dns/promises";
import type { LookupFunction } from "node:net";
import { afterAll, beforeAll, test } from "vitest";
import { runCommand } from "../../modules/power/index.ts";
import { type BindServer, bindServer, zone } from "../../modules/traffic/example-bind.ts";
import { connect, openTraffic, planTraffic, resolveAt, type Traffic } from "../../modules/traffic/index.ts";
import { freePorts } from "../support/ports.ts";
import { type Clients, startClients } from "./clients.ts";
import { clock, heeded, noApi, thereAndBack } from "./round-trip.ts";
import { type WebServer, webServer } from "./web-server.ts";

const addresses = { from: "127.0.5.1", to: "127.0.5.2" } as const;

let bind: BindServer;
let clients: Clients;
let blue: WebServer;
let green: WebServer;
let traffic: Traffic;

beforeAll(async () => {
  bind = await bindServer([`www 1 IN A ${addresses.from}`]);
  const [port] = (await freePorts(1)) as [number];
  [blue, green] = [webServer("prod-v1", port, addresses.from), webServer("prod-v2", port, addresses.to)];
  await Promise.all([bind.start(), blue.start(), green.start()]);
  const own = openTraffic({
    plan: planTraffic({
      from: "prod-v1",
      to: "prod-v2",
      folder: "/",
      file: "/prod-v2.yaml",
      traffic: {
        driver: "dns",
        server: "127.0.0.1",
        port: bind.port,
        zone,
        name: `www.${zone}`,
        from: [addresses.from],
        to: [addresses.to],
        key: { env: "KEY" },
        probePort: port,
        timeout: 20,
        drain: { seconds: 1 },
      },
    }),
    deps: {
      env: { KEY: bind.key },
      readFile: async () => "",
      runCommand,
      resolve: resolveAt,
      connect,
      api: noApi,
      clock,
    },
  });
  traffic = { ...own, ...heeded({ from: blue, to: green }) };
  clients = startClients({ host: `www.${zone}`, port, lookup: stubResolver(bind.port) });
  await clients.heard();
});
afterAll(async () => {
  await clients?.stop();
  await Promise.all([blue?.stop(), green?.stop(), bind?.remove()]);
});

/** Asks BIND, and keeps what it is told for the TTL. */
function stubResolver(port: number): LookupFunction {
  const resolver = new Resolver();
  resolver.setServers([`127.0.0.1:${port}`]);
  let known: { readonly address: string; readonly until: number } | undefined;
  const address = async (name: string): Promise<string> => {
    if (known !== undefined && performance.now() < known.until) return known.address;
    const [record] = await resolver.resolve4(name, { ttl: true });
    known = { address: record!.address, until: performance.now() + record!.ttl * 1000 };
    return known.address;
  };
  return (name, options, done) => {
    address(name).then(
      (found) => (options.all ? done(null, [{ address: found, family: 4 }]) : done(null, found, 4)),
      (error: Error) => done(error, "", 4),
    );
  };
}

test("nobody who makes a new connection, or leaves one when asked, loses a request", async () => {
  // Of the rest, one request a connection and a cut-over at most: three clients, there and back.
  await thereAndBack({ traffic, clients, blue, green, name: "by DNS", ignoringAtMost: 6 });
});

// Against Debian's BIND: signed updates, a key that is refused, a server that is away, a zone that is not its own.

import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runCommand } from "../power/index.ts";
import type { TrafficSpec } from "../spec/index.ts";
import { type BindServer, bindServer, zone } from "./example-bind.ts";
import {
  connect,
  cutover,
  openTraffic,
  planTraffic,
  resolveAt,
  type Traffic,
  type TrafficDeps,
} from "./index.ts";
import { trafficContract } from "./traffic.contract.ts";

const blue = ["203.0.113.1", "203.0.113.2"];
const green = ["203.0.113.11", "203.0.113.12"];
const blue6 = ["2001:db8::1"];
const green6 = ["2001:db8::11"];
/** One name a test. */
const names = Array.from({ length: 40 }, (_, n) => `www${n}`);

let bind: BindServer;
let folder: string;
let used = 0;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "landfall-dns-"));
  bind = await bindServer(
    names.flatMap((name, n) => [
      ...blue.map((address) => `${name} 30 IN A ${address}`),
      // Every other name has IPv6 too.
      ...(n % 2 === 0 ? blue6.map((address) => `${name} 30 IN AAAA ${address}`) : []),
    ]),
  );
  await bind.start();
  writeFileSync(join(folder, "key"), bind.key, { mode: 0o600 });
});
afterAll(async () => {
  await bind.remove();
  rmSync(folder, { recursive: true });
});

type DnsSpec = Extract<TrafficSpec, { driver: "dns" }>;

function deps(own: Partial<TrafficDeps> = {}): TrafficDeps {
  return {
    env: {},
    readFile: async (path) => readFileSync(path, "utf8"),
    runCommand,
    resolve: resolveAt,
    connect,
    api: () => {
      throw new Error("no API is asked");
    },
    clock: {
      now: () => performance.now(),
      sleep: (ms, signal) => setTimeout(ms, undefined, signal && { signal }),
    },
    ...own,
  };
}

function open(name: string, own: Partial<DnsSpec> = {}, world: Partial<TrafficDeps> = {}): Traffic {
  const traffic: DnsSpec = {
    driver: "dns",
    server: "127.0.0.1",
    port: bind.port,
    zone,
    name: `${name}.${zone}`,
    from: blue,
    to: green,
    key: { file: "key" },
    timeout: 4,
    ...own,
  };
  const plan = planTraffic({ traffic, from: "prod-v1", to: "prod-v2", folder, file: join(folder, "c.yaml") });
  return openTraffic({ plan, deps: deps(world) });
}

/** The next name that no test has; with IPv6, if asked. */
function nextName(six = false): string {
  do used++;
  while ((used % 2 === 0) !== six);
  return names[used]!;
}

function share(name: string): number {
  const found = bind.dig(`${name}.${zone}`, "A");
  return Math.round((100 * found.filter((address) => green.includes(address)).length) / found.length);
}

trafficContract("dns with BIND", () => {
  const name = nextName();
  const before = bind.updates();
  const full = `${name}.${zone}.`;
  const set = (addresses: readonly string[]) =>
    bind.update([`update delete ${full} A`, ...addresses.map((each) => `update add ${full} 30 A ${each}`)]);
  return {
    traffic: open(name),
    share: () => share(name),
    steer: (to) => set(to === 100 ? green : blue),
    stray: () => set([...blue, "198.51.100.1"]),
    gaps: () => 0,
    writes: () => bind.updates() - before,
    fail: (broken) => (broken ? bind.stop() : bind.start()),
  };
});

describe("a name with addresses of both families", () => {
  test("moves both in one update, and keeps its TTL", async () => {
    const name = nextName(true);
    const traffic = open(name, { from: [...blue, ...blue6], to: [...green, ...green6] });
    const before = bind.updates();
    await traffic.shift(50);
    expect(bind.dig(`${name}.${zone}`, "A")).toEqual([...blue, ...green].sort());
    expect(bind.dig(`${name}.${zone}`, "AAAA")).toEqual([...blue6, ...green6].sort());
    await traffic.shift(100);
    expect(bind.dig(`${name}.${zone}`, "A")).toEqual([...green].sort());
    expect(bind.dig(`${name}.${zone}`, "AAAA")).toEqual(green6);
    expect(bind.updates() - before).toBe(2);
    expect(await traffic.state()).toMatchObject({ share: 100, settleSeconds: 30 });
    // 33 % could be had of two and one of IPv4, and not of one and one of IPv6.
    expect(traffic.shares).toEqual([0, 50, 100]);
  });

  test("of which one leads elsewhere is not touched", async () => {
    const name = nextName(true);
    const traffic = open(name);
    await expect(traffic.shift(100)).rejects.toMatchObject({
      code: "traffic-unknown",
      details: { found: expect.stringContaining("2001:db8::1") },
    });
    expect(bind.dig(`${name}.${zone}`, "A")).toEqual(blue);
  });

  test("of which both lead to different clusters is told", async () => {
    const name = nextName(true);
    const full = `${name}.${zone}.`;
    bind.update([`update delete ${full} AAAA`, `update add ${full} 30 AAAA ${green6[0]}`]);
    const traffic = open(name, { from: [...blue, ...blue6], to: [...green, ...green6] });
    await expect(traffic.state()).rejects.toMatchObject({ code: "traffic-unknown" });
  });
});

test("two cut-overs at the same moment do not mix: one does it, the other says so", async () => {
  const name = nextName();
  const ready = Promise.withResolvers<void>();
  let readers = 0;
  // Both have read before either writes.
  const together: Partial<TrafficDeps> = {
    resolve: async (...question) => {
      const answer = await resolveAt(...question);
      if (++readers === 4) ready.resolve();
      await ready.promise;
      return answer;
    },
  };
  const results = await Promise.allSettled([
    open(name, {}, together).shift(100),
    open(name, {}, together).shift(50),
  ]);
  const lost = results.filter((result) => result.status === "rejected");
  expect(lost.map(({ reason }) => (reason as { code: string }).code)).toEqual(["traffic-moved"]);
  const expected = results[0]?.status === "fulfilled" ? green : [...blue, ...green];
  expect(bind.dig(`${name}.${zone}`, "A")).toEqual([...expected].sort());
});

describe("refused", () => {
  const nobody = 'key "nobody" { algorithm hmac-sha256; secret "c2VjcmV0LXRoYXQtaXMtbm90LWl0"; };';

  test.each<[string, () => Partial<DnsSpec>, () => TrafficDeps["env"], string]>([
    [
      "a key that it does not know",
      () => ({ key: { env: "KEY" } }),
      () => ({ KEY: nobody }),
      "refuses to update",
    ],
    [
      "a key that may not",
      () => ({ key: { env: "KEY" } }),
      () => ({ KEY: bind.weakKey }),
      "refuses to update",
    ],
    [
      "a known key with another secret",
      () => ({ key: { env: "KEY" } }),
      () => ({ KEY: "hmac-sha256:cutover:c2VjcmV0LXRoYXQtaXMtbm90LWl0" }),
      "refuses to update",
    ],
    [
      "a zone that is not its own",
      () => ({ zone: "www1.example.test" }),
      () => ({}),
      "not the primary server",
    ],
  ])("%s", async (_, own, env, message) => {
    const name = own().zone === undefined ? nextName() : "www1";
    const before = bind.dig(`${name}.${zone}`, "A");
    const traffic = open(name, own(), { env: env() });
    const failed = traffic.shift(100);
    await expect(failed).rejects.toMatchObject({
      code: "dns-refused",
      message: expect.stringContaining(message),
    });
    const text = await failed.catch((error: { details: object }) => JSON.stringify(error.details));
    expect(text).not.toMatch(/c2VjcmV0|secret "/);
    expect(bind.dig(`${name}.${zone}`, "A")).toEqual(before);
  });

  test("a name of a zone that it does not have", async () => {
    await expect(
      open("www1", { zone: "example.org", name: "www.example.org" }).state(),
    ).rejects.toMatchObject({
      code: "dns-refused",
      details: { found: "REFUSED" },
    });
  });

  test("no nsupdate here", async () => {
    const traffic = open(
      nextName(),
      {},
      { runCommand: (argv, options) => runCommand(["no-nsupdate", ...argv.slice(1)], options) },
    );
    await expect(traffic.shift(100)).rejects.toMatchObject({ code: "nsupdate-missing" });
  });
});

test("the secret is in no argument and in no file", async () => {
  const seen: string[] = [];
  const secret = /secret "([^"]+)"/.exec(bind.key)![1]!;
  const traffic = open(
    nextName(),
    {},
    {
      runCommand: (argv, options) => {
        seen.push(argv.join(" "));
        expect(options?.input).toContain(secret);
        return runCommand(argv, options);
      },
    },
  );
  await traffic.shift(100);
  expect(seen).toEqual(["nsupdate -v -t 10"]);
});

describe("a whole cut-over", () => {
  const servers: Server[] = [];
  afterAll(() => {
    for (const server of servers) server.close();
  });
  const listen = async (host: string, port: number) => {
    const server = createServer((socket) => socket.end());
    await once(server.listen(port, host), "listening");
    servers.push(server);
    return (server.address() as { port: number }).port;
  };

  test("waits until green answers at each address, and the old TTL out", async () => {
    const name = nextName();
    const full = `${name}.${zone}.`;
    const [from, to] = [["127.0.4.1"], ["127.0.4.11", "127.0.4.12"]];
    bind.update([`update delete ${full} A`, `update add ${full} 30 A ${from[0]}`]);
    const probePort = await listen("127.0.4.11", 0);
    const slept: number[] = [];
    const { clock } = deps();
    const traffic = open(name, { from, to, probePort, timeout: 2, drain: { seconds: 7 } });
    const go = () =>
      cutover({
        traffic,
        share: 100,
        say: () => {},
        clock: { ...clock, sleep: async (ms) => void slept.push(ms) },
      });
    await expect(go()).rejects.toMatchObject({
      code: "traffic-not-ready",
      details: { found: expect.stringContaining("127.0.4.12") },
    });
    expect(bind.dig(`${name}.${zone}`, "A")).toEqual(from);
    await listen("127.0.4.12", probePort);
    expect(await go()).toMatchObject({ before: 0, share: 100, drained: "prod-v1" });
    expect(slept).toEqual([30_000, 7_000]);
    expect(bind.dig(`${name}.${zone}`, "A")).toEqual([...to].sort());
  });
});

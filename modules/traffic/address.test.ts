import { describe, expect, test } from "vitest";
import { type Api, type ApiRequest, addressAnnotation, holdsLabel } from "../kubernetes/index.ts";
import { fakeDeps } from "./fake-deps.ts";
import { cutover, openTraffic, planTraffic, type Side, type TrafficDeps } from "./index.ts";
import { trafficContract } from "./traffic.contract.ts";

const address = "10.20.0.150";
const levels: Readonly<Record<string, number>> = { "stand-by": 1, hold: 2, take: 3 };

/** Two clusters that hear each other's VRRP, unless they are told not to. */
function clusters() {
  const world = {
    wishes: { from: "hold", to: undefined } as Record<Side, string | undefined>,
    /** Whether its Service answers at its masters. */
    able: { from: true, to: true },
    hear: true,
    policy: "Cluster",
    /** Nodes without power whose label says that they have the address. */
    dead: { from: [], to: [] } as Record<Side, string[]>,
    intercept: (_side: Side, _request: string): { status: number; body: string } | undefined => undefined,
    writes: [] as string[],
    gaps: 0,
    /** Of them, the one that has it. */
    holder: "from" as Side | undefined,
    holders(): Side[] {
      const rank = (side: Side) => (world.able[side] ? (levels[world.wishes[side] ?? ""] ?? 0) : 0);
      const [from, to] = [rank("from"), rank("to")];
      if (!world.hear) return (["from", "to"] as const).filter((side) => rank(side) > 0);
      if (from !== to) world.holder = from > to ? "from" : "to";
      else if (from === 0) world.holder = undefined;
      else world.holder ??= "from";
      return world.holder === undefined ? [] : [world.holder];
    },
    api: (side: Side): Api => ({
      servers: [side],
      close: async () => {},
      only: () => {
        throw new Error("one server is enough");
      },
      request: async (request) => {
        const asked = `${request.method ?? "GET"} ${request.path}`;
        const answer = world.intercept(side, asked) ?? reply(side, request);
        return { ...answer, date: undefined, server: side };
      },
    }),
  };
  const reply = (side: Side, { method = "GET", path, body = "" }: ApiRequest) => {
    const answer = (value: object) => ({ status: 200, body: JSON.stringify(value) });
    if (path === `/api/v1/nodes?labelSelector=${encodeURIComponent(`${holdsLabel(address)}=true`)}`) {
      const node = (name: string, ready: string) => ({
        metadata: { name },
        status: { conditions: [{ type: "Ready", status: ready }] },
      });
      const alive = world.holders().includes(side) ? [node(`m1-${side}`, "True")] : [];
      return answer({ items: [...alive, ...world.dead[side].map((name) => node(name, "Unknown"))] });
    }
    if (path.startsWith("/apis/discovery.k8s.io/"))
      return answer({ items: [{ endpoints: [{ conditions: { ready: true } }] }] });
    if (!path.startsWith("/api/v1/namespaces/ingress/services/nginx"))
      return { status: 404, body: "not found" };
    if (method === "PATCH") {
      const patch = JSON.parse(body) as { metadata: { annotations: Record<string, string> } };
      world.wishes[side] = patch.metadata.annotations[addressAnnotation];
      world.writes.push(`${side}=${world.wishes[side]}`);
      if (world.holders().length === 0) world.gaps++;
    }
    return answer({
      metadata: { annotations: { [addressAnnotation]: world.wishes[side] } },
      spec: { externalIPs: [address], externalTrafficPolicy: world.policy },
    });
  };
  return world;
}

function site(more: object = {}, own: Partial<TrafficDeps> = {}) {
  const world = clusters();
  const deps = fakeDeps({ api: world.api, ...own });
  const traffic = openTraffic({
    plan: planTraffic({
      traffic: { driver: "address", address, timeout: 60, ...more },
      addresses: [{ address, service: "ingress/nginx" }],
      from: "prod-v1",
      to: "prod-v2",
      folder: "/p",
      file: "/p/clusters/prod-v2.yaml",
    }),
    deps,
  });
  return { world, traffic, clock: deps.clock };
}

trafficContract("address", () => {
  const { world, traffic } = site();
  return {
    traffic,
    share: () => {
      const holders = world.holders();
      return holders.length === 2 ? 50 : holders[0] === "to" ? 100 : 0;
    },
    steer: (to) => {
      world.wishes = { from: to === 0 ? "hold" : "stand-by", to: to === 0 ? "stand-by" : "hold" };
    },
    stray: () => {
      world.wishes = { from: "off", to: undefined };
    },
    gaps: () => world.gaps,
    writes: () => world.writes.length,
    fail: (broken) => {
      world.intercept = () => {
        if (broken) throw new Error("connect ECONNREFUSED");
        return undefined;
      };
    },
  };
});

test("green takes it, then blue stands by, and green only holds it", async () => {
  const { world, traffic } = site();
  await traffic.shift(100);
  expect(world.writes).toEqual(["to=take", "from=stand-by", "to=hold"]);
});

test.each([1, 2])("killed after write %d, the next run goes either way", async (writes) => {
  for (const share of [0, 100]) {
    const { world, traffic } = site();
    world.intercept = () => {
      if (world.writes.length >= writes) throw new Error("killed");
      return undefined;
    };
    await expect(traffic.shift(100)).rejects.toMatchObject({ name: "LandfallError" });
    world.intercept = () => undefined;
    await traffic.shift(share);
    expect((await traffic.state()).share).toBe(share);
    expect(world.gaps).toBe(0);
  }
});

test("who really has it counts: a blue that cannot serve has lost it to green that stood by", async () => {
  const { world, traffic } = site();
  world.wishes.to = "stand-by";
  world.able.from = false;
  expect(await traffic.state()).toMatchObject({
    share: 100,
    shown: "10.20.0.150 is held by m1-to of prod-v2",
  });
  await traffic.shift(100);
  expect(world.wishes).toEqual({ from: "stand-by", to: "hold" });
});

test("a blue that cannot serve, and nobody in its place, does not keep the traffic from green", async () => {
  const { world, traffic } = site();
  world.able.from = false;
  expect(await traffic.state()).toMatchObject({
    share: 0,
    shown: "10.20.0.150 is held by nobody at the moment",
  });
  await traffic.shift(100);
  expect((await traffic.state()).share).toBe(100);
});

test("the label of a machine without power counts for nothing", async () => {
  const { world, traffic } = site();
  world.dead.to.push("g9");
  expect((await traffic.state()).share).toBe(0);
});

test("a green without masters that can serve it: said in time, and blue has it all the while", async () => {
  const { world, traffic } = site();
  world.able.to = false;
  await expect(traffic.shift(100)).rejects.toMatchObject({
    code: "traffic-timeout",
    details: { found: "10.20.0.150 is held by m1-from of prod-v1" },
  });
  expect(world.writes).toEqual(["to=take"]);
});

test("masters that do not hear each other: the loser gives it up altogether", async () => {
  const { world, traffic } = site();
  world.hear = false;
  await traffic.shift(100);
  expect(world.wishes).toEqual({ from: "off", to: "hold" });
  expect(world.gaps).toBe(0);
});

test("a green whose API is dead does not keep the traffic from going back, and it is said what is left", async () => {
  const { world, traffic, clock } = site();
  await traffic.shift(100);
  world.intercept = (side) => {
    if (side === "to") throw new Error("connect EHOSTUNREACH");
    return undefined;
  };
  expect(await traffic.state()).toMatchObject({ share: 100 });
  await expect(cutover({ traffic, share: 0, clock, say: () => {} })).rejects.toMatchObject({
    code: "traffic-timeout",
    details: { found: "prod-v1 holds it; the API of prod-v2: connect EHOSTUNREACH" },
  });
  expect(world.holders()).toEqual(["from"]);
});

test("connections end before the address moves", async () => {
  const ran: string[] = [];
  const { world, traffic, clock } = site(
    { drain: { seconds: 30, start: ["close", "{cluster}"] } },
    {
      runCommand: async (argv) => {
        ran.push(`${argv.join(" ")} with ${world.writes.length} writes`);
        return "";
      },
    },
  );
  const report = await cutover({ traffic, share: 100, clock, say: () => {} });
  expect(ran).toEqual(["close prod-v1 with 0 writes"]);
  expect(report).toMatchObject({ drained: "prod-v1", seconds: { drain: 30 } });
});

describe("refused before anything is written", () => {
  test("a share", async () => {
    const { world, traffic, clock } = site();
    await expect(cutover({ traffic, share: 10, clock, say: () => {} })).rejects.toMatchObject({
      code: "share-impossible",
    });
    expect(world.writes).toEqual([]);
  });

  test("a Service that only nodes with its pods answer for", async () => {
    const { world, traffic, clock } = site();
    world.policy = "Local";
    await expect(cutover({ traffic, share: 100, clock, say: () => {} })).rejects.toMatchObject({
      code: "traffic-impossible",
    });
    expect(world.writes).toEqual([]);
  });
});

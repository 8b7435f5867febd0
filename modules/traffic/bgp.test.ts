import { describe, expect, test } from "vitest";
import type { TrafficSpec } from "../spec/index.ts";
import { announceAnnotation } from "./bgp.ts";
import { fakeClusters } from "./fake-cluster.ts";
import { fakeDeps } from "./fake-deps.ts";
import { cutover, openTraffic, planTraffic, type TrafficDeps } from "./index.ts";
import { trafficContract } from "./traffic.contract.ts";

const spec: Extract<TrafficSpec, { driver: "bgp" }> = {
  driver: "bgp",
  service: "ingress/nginx",
  address: "203.0.113.10",
  timeout: 60,
};

function site(more: Partial<typeof spec> = {}, own: Partial<TrafficDeps> = {}) {
  const clusters = fakeClusters("203.0.113.10", announceAnnotation);
  const deps = fakeDeps({ api: clusters.api, ...own });
  const traffic = openTraffic({
    plan: planTraffic({
      traffic: { ...spec, ...more },
      from: "prod-v1",
      to: "prod-v2",
      folder: "/p",
      file: "/p/clusters/prod-v2.yaml",
    }),
    deps,
  });
  return { clusters, traffic, clock: deps.clock };
}

trafficContract("bgp", () => {
  const { clusters, traffic } = site();
  return {
    traffic,
    share: () => (clusters.announced.to ? (clusters.announced.from ? 50 : 100) : 0),
    steer: (to) => {
      clusters.announced.from = to === 0;
      clusters.announced.to = to === 100;
    },
    stray: () => {
      clusters.announced.from = false;
      clusters.announced.to = false;
    },
    gaps: () => clusters.gaps,
    writes: () => clusters.writes.length,
    fail: (broken) => {
      clusters.intercept = () => {
        if (broken) throw new Error("connect ECONNREFUSED");
        return undefined;
      };
    },
  };
});

test("green announces, routers get their time, and only then blue stops", async () => {
  const { clusters, traffic, clock } = site({ settle: 7 });
  const when: string[] = [];
  clusters.intercept = (side, request) => {
    if (request.startsWith("PATCH")) when.push(`${clock.now() / 1000} ${side}`);
    return undefined;
  };
  await traffic.shift(100);
  expect(clusters.writes).toEqual(["to=true", "from=false"]);
  expect(when).toEqual(["0 to", "7 from"]);
});

test("blue goes on until the user's own check sees green's route", async () => {
  let asked = 0;
  const { clusters, traffic } = site(
    { arrived: ["route", "{cluster}"] },
    {
      runCommand: async (argv) => {
        expect(argv).toEqual(["route", "prod-v2"]);
        expect(clusters.announced).toEqual({ from: true, to: true });
        if (++asked < 3) throw new Error("route ended with 1: none");
        return "";
      },
    },
  );
  await traffic.shift(100);
  expect([asked, clusters.announced]).toEqual([3, { from: false, to: true }]);
});

test("a route that never comes leaves both announcing, as is said, and the way back open", async () => {
  const { clusters, traffic } = site(
    { arrived: ["route", "{cluster}"] },
    {
      runCommand: async ([, cluster]) => {
        if (cluster === "prod-v2") throw new Error("route ended with 1: none");
        return "";
      },
    },
  );
  await expect(traffic.shift(100)).rejects.toMatchObject({
    code: "traffic-timeout",
    details: { found: "route ended with 1: none" },
  });
  expect(await traffic.state()).toMatchObject({
    share: 50,
    shown: "203.0.113.10 is announced by prod-v1 and by prod-v2",
  });
  await traffic.shift(0);
  expect(clusters.announced).toEqual({ from: true, to: false });
  expect(clusters.gaps).toBe(0);
});

test("a green that is dead does not keep the traffic from going back: blue announces, and it is said what is left", async () => {
  const { clusters, traffic, clock } = site();
  await traffic.shift(100);
  clusters.intercept = (side) => {
    if (side === "to") throw new Error("connect EHOSTUNREACH");
    return undefined;
  };
  expect(await traffic.state()).toMatchObject({
    share: 100,
    shown: "203.0.113.10 is announced perhaps by prod-v2, which does not answer",
  });
  await expect(cutover({ traffic, share: 0, clock, say: () => {} })).rejects.toMatchObject({
    code: "traffic-timeout",
    details: { found: "prod-v1 announces it; the API of prod-v2: connect EHOSTUNREACH" },
  });
  expect(clusters.announced.from).toBe(true);
});

test("connections end before routes change", async () => {
  const ran: string[] = [];
  const { clusters, traffic, clock } = site(
    { drain: { seconds: 30, start: ["close", "{cluster}"] } },
    {
      runCommand: async (argv) => {
        ran.push(`${argv.join(" ")} with ${clusters.writes.length} writes`);
        return "";
      },
    },
  );
  const report = await cutover({ traffic, share: 100, clock, say: () => {} });
  expect(ran).toEqual(["close prod-v1 with 0 writes"]);
  expect(report).toMatchObject({ drained: "prod-v1", seconds: { drain: 30, settle: 10 } });
});

describe("refused", () => {
  test("a green without an endpoint that is ready", async () => {
    const { clusters, traffic } = site();
    clusters.ready.to = false;
    await traffic.ready("from");
    await expect(traffic.ready("to")).rejects.toMatchObject({
      code: "traffic-not-ready",
      details: { found: "Service ingress/nginx of prod-v2 has no endpoint that is ready" },
    });
  });

  test("a Service without the address", async () => {
    const { clusters, traffic } = site();
    clusters.addresses.to.splice(0, 1, "203.0.113.99");
    await expect(traffic.shift(100)).rejects.toMatchObject({
      code: "traffic-unknown",
      details: { found: "203.0.113.99" },
    });
    expect(clusters.writes).toEqual([]);
  });

  test("a green without the Service", async () => {
    const { clusters, traffic } = site();
    clusters.intercept = (side) => (side === "to" ? { status: 404, body: "not found" } : undefined);
    await expect(traffic.shift(100)).rejects.toMatchObject({
      message: "prod-v2 has no Service ingress/nginx",
    });
  });

  test("by a webhook: said at once, and nothing has moved", async () => {
    const { clusters, traffic } = site();
    clusters.intercept = (_, request) =>
      request.startsWith("PATCH") ? { status: 403, body: "denied by policy" } : undefined;
    await expect(traffic.shift(100)).rejects.toMatchObject({
      code: "traffic-refused",
      details: { found: expect.stringContaining("403 denied by policy") },
    });
    expect(clusters.announced).toEqual({ from: true, to: false });
  });
});

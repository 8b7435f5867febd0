import { expect, test } from "vitest";
import type { TrafficSpec } from "../spec/index.ts";
import { fakeDeps } from "./fake-deps.ts";
import { openTraffic, planTraffic, type TrafficDeps } from "./index.ts";
import { trafficContract } from "./traffic.contract.ts";

const spec: TrafficSpec = {
  driver: "command",
  show: ["balance", "show", "{from}", "{to}"],
  shift: ["balance", "shift", "{from}", "{to}", "{share}"],
  timeout: 30,
};

function balancer(more: Partial<TrafficSpec> = {}) {
  let share = 0;
  let writes = 0;
  let broken = false;
  /** Of the next ones, how many are accepted and forgotten. */
  let lies = 0;
  const ran: string[] = [];
  const runCommand: TrafficDeps["runCommand"] = async (argv, options) => {
    const [program, verb, ...rest] = argv;
    ran.push(argv.join(" "));
    expect(options?.folder).toBe("/project");
    if (broken) throw new Error("balance ended with 1: connection refused");
    if (program !== "balance") return "";
    expect(rest.slice(0, 2)).toEqual(["prod-v1", "prod-v2"]);
    if (verb === "show") return `${share}\n`;
    writes++;
    if (lies > 0) lies--;
    else share = Number(rest[2]);
    return "";
  };
  const traffic = openTraffic({
    plan: planTraffic({
      traffic: { ...spec, ...more } as TrafficSpec,
      from: "prod-v1",
      to: "prod-v2",
      folder: "/project",
      file: "/project/clusters/prod-v2.yaml",
    }),
    deps: fakeDeps({ runCommand }),
  });
  return {
    traffic,
    ran,
    share: () => share,
    steer: (to: number) => {
      share = to;
    },
    stray: undefined,
    gaps: () => 0,
    writes: () => writes,
    fail: (now: boolean) => {
      broken = now;
    },
    lie: (times: number) => {
      lies = times;
    },
  };
}

trafficContract("command", () => balancer());
trafficContract("command that can do all or nothing", () => balancer({ shares: "all-or-nothing" }));

test("all or nothing has no canary", async () => {
  const { traffic, writes } = balancer({ shares: "all-or-nothing" });
  await expect(traffic.shift(10)).rejects.toMatchObject({
    code: "share-impossible",
    details: { found: "10", expected: "one of 0, 100" },
  });
  expect(writes()).toBe(0);
});

test("a shift that was accepted and not done is asked for again", async () => {
  const { traffic, share, writes, lie } = balancer();
  lie(1);
  await traffic.shift(40);
  expect([share(), writes()]).toEqual([40, 2]);
});

test("a shift that never comes ends with what was read, and how to go on", async () => {
  const { traffic, lie } = balancer();
  lie(1000);
  await expect(traffic.shift(100)).rejects.toMatchObject({
    code: "traffic-timeout",
    message: "could not shift 100 % to prod-v2 by balance within 30 s",
    details: { found: "0 % at prod-v2", next: expect.stringContaining("/project") },
  });
});

test.each(["", "50 %", "-1", "101", "1e1", "green"])("show that prints %j is no share", async (said) => {
  const traffic = openTraffic({
    plan: planTraffic({ traffic: spec, from: "a-v1", to: "a-v2", folder: "/p", file: "/p/c.yaml" }),
    deps: fakeDeps({ runCommand: async () => said }),
  });
  await expect(traffic.state()).rejects.toMatchObject({
    code: "traffic-unknown",
    details: { found: `balance printed ${JSON.stringify(said)}, expected a number from 0 to 100` },
  });
});

test("an interruption is not tried again", async () => {
  const controller = new AbortController();
  const traffic = openTraffic({
    plan: planTraffic({ traffic: spec, from: "a-v1", to: "a-v2", folder: "/p", file: "/p/c.yaml" }),
    signal: controller.signal,
    deps: fakeDeps({
      runCommand: async () => {
        controller.abort(new Error("Ctrl-C"));
        throw new Error("killed");
      },
    }),
  });
  await expect(traffic.shift(100)).rejects.toThrow("Ctrl-C");
});

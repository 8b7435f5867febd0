import { describe, expect, test } from "vitest";
import type { TrafficSpec } from "../spec/index.ts";
import { fakeDeps } from "./fake-deps.ts";
import { openTraffic, planTraffic, type TrafficDeps } from "./index.ts";
import { trafficContract } from "./traffic.contract.ts";

const spec: Extract<TrafficSpec, { driver: "dns" }> = {
  driver: "dns",
  server: "10.20.0.53",
  zone: "example.com",
  name: "www.example.com",
  from: ["10.20.0.101", "10.20.0.102", "FD00::0:101"],
  to: ["10.20.0.201", "10.20.0.202", "10.20.0.203", "fd00::201"],
  key: { env: "KEY" },
  timeout: 30,
};
const secret = "c2VjcmV0LW9mLXRoZS16b25l";
type Records = Record<"A" | "AAAA", string[]>;

/** A primary server that understands what nsupdate is told. */
function primary(more: Partial<typeof spec> = {}) {
  let records: Records = { A: ["10.20.0.101", "10.20.0.102"], AAAA: ["fd00::101"] };
  let broken = false;
  let writes = 0;
  let gaps = 0;
  /** Of the next updates, how many are done without an answer. */
  let silent = 0;
  const runCommand: TrafficDeps["runCommand"] = async (argv, options) => {
    expect(argv.join(" ")).not.toContain(secret);
    if (broken) throw new Error("nsupdate ended with 1: could not talk to specified name server");
    const next: Records = { A: [...records.A], AAAA: [...records.AAAA] };
    const wanted: Records = { A: [], AAAA: [] };
    for (const line of (options?.input ?? "").split("\n")) {
      const [, verb, kind, , type, address] =
        /^(prereq|update) (\w+) www\.example\.com\. (?:(\d+) )?IN (A|AAAA)(?: (\S+))?$/.exec(line) ?? [];
      const list = type as keyof Records;
      if (verb === "prereq" && kind === "yxrrset") wanted[list].push(address!);
      if (verb === "update" && kind === "delete") next[list] = [];
      if (verb === "update" && kind === "add") next[list].push(address!);
    }
    if (JSON.stringify(sorted(wanted)) !== JSON.stringify(sorted(records)))
      throw new Error("nsupdate ended with 2: update failed: NXRRSET");
    records = next;
    writes++;
    if (records.A.length === 0 || records.AAAA.length === 0) gaps++;
    if (silent-- > 0)
      throw new Error("nsupdate ended with 1: ; Communication with 10.20.0.53#53 failed: timed out");
    return "";
  };
  const traffic = openTraffic({
    plan: planTraffic({
      traffic: { ...spec, ...more },
      from: "prod-v1",
      to: "prod-v2",
      folder: "/p",
      file: "/p/clusters/prod-v2.yaml",
    }),
    deps: fakeDeps({
      runCommand,
      env: { KEY: `hmac-sha512:cutover:${secret}\n` },
      resolve: async (server, name, type) => {
        expect([server, name]).toEqual([{ address: "10.20.0.53", port: 53 }, "www.example.com"]);
        if (broken) throw new Error("queryA ETIMEOUT www.example.com");
        return records[type].map((address) => ({ address, ttl: 60 }));
      },
      connect: async (address, port) => {
        if (address === "10.20.0.203") throw new Error(`connect ECONNREFUSED ${address}:${port}`);
      },
    }),
  });
  return {
    traffic,
    share: () =>
      Math.round((100 * records.A.filter((each) => each.startsWith("10.20.0.2")).length) / records.A.length),
    steer: (to: number) => {
      records =
        to === 100
          ? { A: ["10.20.0.201", "10.20.0.202", "10.20.0.203"], AAAA: ["fd00::201"] }
          : { A: ["10.20.0.101", "10.20.0.102"], AAAA: ["fd00::101"] };
    },
    stray: () => records.A.push("192.0.2.1"),
    gaps: () => gaps,
    writes: () => writes,
    fail: (now: boolean) => {
      broken = now;
    },
    hush: (times: number) => {
      silent = times;
    },
    empty: () => {
      records = { A: [], AAAA: [] };
    },
  };
}

function sorted({ A, AAAA }: Records): Records {
  return { A: [...A].sort(), AAAA: [...AAAA].sort() };
}

trafficContract("dns", () => {
  const { stray, ...world } = primary();
  return { ...world, stray: () => void stray() };
});

test("an update whose answer is lost is not taken for a stranger's", async () => {
  const { traffic, hush, writes, share } = primary();
  hush(1);
  await traffic.shift(100);
  expect([share(), writes()]).toEqual([100, 1]);
});

test("all shares come from as many records as there can be, in both families", () => {
  // 1 + 1 by IPv6; 2 + 2 by IPv4.
  expect(primary().traffic.shares).toEqual([0, 50, 100]);
});

test("a name without an address is told", async () => {
  const { traffic, empty } = primary();
  empty();
  await expect(traffic.state()).rejects.toMatchObject({
    code: "traffic-unknown",
    details: { found: "no address", expected: expect.stringContaining("fd00::201 (prod-v2)") },
  });
});

test("an address that does not answer keeps the traffic away", async () => {
  const { traffic } = primary();
  await traffic.ready("from");
  await expect(traffic.ready("to")).rejects.toMatchObject({
    code: "traffic-not-ready",
    details: { found: "connect ECONNREFUSED 10.20.0.203:443" },
  });
});

describe("the key", () => {
  test("that is not there is told before the server is asked", async () => {
    const { traffic } = primary({ key: { env: "OTHER" } });
    await expect(traffic.shift(100)).rejects.toMatchObject({
      code: "dns-key",
      message: "no TSIG key from the environment variable OTHER",
    });
  });

  test("is never shown, also when it has another form", async () => {
    const traffic = openTraffic({
      plan: planTraffic({
        traffic: { ...spec, key: { file: "keys/dns" } },
        from: "a-v1",
        to: "a-v2",
        folder: "/p",
        file: "/p/clusters/a-v2.yaml",
      }),
      deps: fakeDeps({ readFile: async () => "the secret is hunter2" }),
    });
    const error = await traffic.shift(100).catch((e: Error & { details: object }) => e);
    expect(error).toMatchObject({
      code: "dns-key",
      message: "no TSIG key from the file /p/clusters/keys/dns",
    });
    expect(JSON.stringify(error)).not.toContain("hunter2");
  });
});

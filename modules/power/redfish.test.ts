import { describe, expect, test } from "vitest";
import type { RedfishPlan } from "../plan/index.ts";
import type { FakeBmc, FakeBmcOptions } from "./fake-bmc.ts";
import { answer, fakeBmc } from "./fake-bmc.ts";
import { fakeDeps } from "./fake-deps.ts";
import type { PowerDeps, PowerOptions, PowerRequest, PowerResponse } from "./index.ts";
import { openPower } from "./index.ts";
import { powerContract, stormContract } from "./power.contract.ts";

function deps(bmc: Pick<FakeBmc, "fetch">, more: Partial<PowerDeps> = {}): PowerDeps {
  return fakeDeps({ fetch: bmc.fetch, ...more });
}

function plan(bmc: Pick<FakeBmc, "url">, credentials?: RedfishPlan["credentials"]): RedfishPlan {
  return { driver: "redfish", url: bmc.url, credentials };
}

function open(bmc: FakeBmc, options: PowerOptions = {}) {
  return openPower(plan(bmc), deps(bmc), options);
}

const abilities = { networkBoot: "once", console: true } as const;
const rack = (weather: FakeBmcOptions) => {
  const bmc = fakeBmc(weather);
  return { power: open(bmc), machine: bmc.machine };
};
powerContract("redfish", abilities, (console) => rack({ console }));
stormContract("redfish", abilities, rack);

describe("a controller that accepts and does nothing", () => {
  test("is asked again after it had time to settle, and given up at the time-out", async () => {
    const bmc = fakeBmc({ dice: () => 0.5, lies: 1 });
    const on = open(bmc, { timeoutSeconds: 60, settleSeconds: 10 }).on();
    await expect(on).rejects.toMatchObject({
      code: "bmc-timeout",
      message: expect.stringContaining("could not power on"),
      details: { found: "PowerState Off", expected: "PowerState On" },
    });
    const asked = bmc.requests.filter((request) => request.startsWith("POST")).length;
    expect(asked).toBeGreaterThan(3);
    expect(asked).toBeLessThanOrEqual(6);
  });

  test("is asked once where it is merely slow", async () => {
    const bmc = fakeBmc();
    let reads = 0;
    const slow = async (url: string, init: Parameters<typeof bmc.fetch>[1]) => {
      const response = await bmc.fetch(url, init);
      if (init.method !== "GET" || reads++ > 4) return response;
      return answer(200, JSON.stringify({ PowerState: "PoweringOn" }));
    };
    await openPower(plan(bmc), deps({ fetch: slow })).on();
    expect(bmc.requests.filter((request) => request.startsWith("POST"))).toHaveLength(1);
  });
});

describe("a controller that does not answer", () => {
  test("is given up at the time-out, with what the network said", async () => {
    const bmc = fakeBmc({ dice: () => 0.1, errors: 1 });
    await expect(open(bmc, { timeoutSeconds: 5 }).state()).rejects.toMatchObject({
      code: "bmc-timeout",
      message: expect.stringContaining("within 5 s"),
      details: { found: "fetch failed: connect ECONNREFUSED" },
    });
  });

  test("is not waited for once the caller aborts", async () => {
    const stop = new AbortController();
    const bmc = fakeBmc({ dice: () => 0.1, errors: 1 });
    const waiting = deps(bmc);
    const clock = { ...waiting.clock, sleep: async () => stop.abort(new Error("enough")) };
    const power = openPower(plan(bmc), { ...waiting, clock }, { signal: stop.signal });
    await expect(power.state()).rejects.toThrow("enough");
    expect(bmc.requests).toHaveLength(1);
  });
});

test("a URL may end with a slash", async () => {
  const bmc = fakeBmc();
  const power = openPower({ ...plan(bmc), url: `${bmc.url}/` }, deps(bmc));
  await power.on();
  expect(bmc.machine.on).toBe(true);
});

describe("a controller with ways of its own", () => {
  const withSystem = async (given: PowerResponse, more: object, headers = {}) =>
    answer(200, JSON.stringify({ ...JSON.parse(await given.text()), ...more }), headers);

  test("a change names the version that it was made of, where the controller has versions", async () => {
    const bmc = fakeBmc();
    const sent: PowerRequest[] = [];
    const fetch = async (url: string, init: PowerRequest) => {
      sent.push(init);
      const given = await bmc.fetch(url, init);
      return init.method === "GET" ? withSystem(given, {}, { etag: 'W/"7"' }) : given;
    };
    await openPower(plan(bmc), deps({ fetch })).bootFromNetworkOnce();
    expect(sent.find(({ method }) => method === "PATCH")?.headers).toMatchObject({ "if-match": 'W/"7"' });
  });

  test("firmware is ordered and read back", async () => {
    const bmc = fakeBmc();
    let mode = "Legacy";
    const fetch = async (url: string, init: PowerRequest) => {
      const given = await bmc.fetch(url, init);
      if (init.method === "PATCH") mode = JSON.parse(init.body ?? "").Boot.BootSourceOverrideMode;
      if (init.method !== "GET") return given;
      const system = JSON.parse(await given.text());
      return answer(
        200,
        JSON.stringify({ ...system, Boot: { ...system.Boot, BootSourceOverrideMode: mode } }),
      );
    };
    await openPower({ ...plan(bmc), firmware: "uefi" }, deps({ fetch })).bootFromNetworkOnce();
    expect(mode).toBe("UEFI");
  });

  test("one that makes every start of a single one is believed after it was asked, and not before", async () => {
    const bmc = fakeBmc();
    let asked = 0;
    const fetch = async (url: string, init: PowerRequest) => {
      if (init.method === "PATCH") asked += 1;
      const given = await bmc.fetch(url, init);
      const Boot = { BootSourceOverrideEnabled: "Continuous", BootSourceOverrideTarget: "Pxe" };
      return init.method === "GET" ? withSystem(given, { Boot }) : given;
    };
    await openPower(plan(bmc), deps({ fetch })).bootFromNetworkOnce();
    expect(asked).toBe(1);
  });

  test("one that is busy is left alone for as long as it says", async () => {
    const bmc = fakeBmc();
    const times: number[] = [];
    const world = deps({
      fetch: async (url, init) => {
        times.push(world.clock.now());
        return times.length === 1 ? answer(503, "", { "retry-after": "7" }) : bmc.fetch(url, init);
      },
    });
    expect(await openPower(plan(bmc), world).state()).toBe("off");
    expect(times).toEqual([0, 7000]);
  });

  test.each([
    ["another place of its own", "/redfish/v1/Here/Reset", "http://bmc.example/redfish/v1/Here/Reset"],
    ["a stranger's", "http://stranger.example/Reset", `${fakeBmc().url}/Actions/ComputerSystem.Reset`],
    [
      "a stranger's, without scheme",
      "//stranger.example/Reset",
      `${fakeBmc().url}/Actions/ComputerSystem.Reset`,
    ],
  ])("resets are sent where it says, if that is its own: %s", async (_, target, expected) => {
    const bmc = fakeBmc();
    const posted: string[] = [];
    const fetch = async (url: string, init: PowerRequest) => {
      if (init.method === "POST") {
        posted.push(`${url} ${init.body}`);
        bmc.machine.on = true;
        return answer(204, "");
      }
      const reset = { target, "ResetType@Redfish.AllowableValues": ["ForceOn", "ForceOff"] };
      return withSystem(await bmc.fetch(url, init), { Actions: { "#ComputerSystem.Reset": reset } });
    };
    await openPower(plan(bmc), deps({ fetch })).on();
    expect(posted).toEqual([`${expected} {"ResetType":"ForceOn"}`]);
  });

  test("its certificate is trusted as the site file says", async () => {
    const bmc = fakeBmc();
    const trusts: unknown[] = [];
    const fetch = async (url: string, init: PowerRequest) => {
      trusts.push(init.trust);
      return bmc.fetch(url, init);
    };
    const readFile = async (path: string) => `PEM of ${path}`;
    await openPower({ ...plan(bmc), tls: { ca: "/ca.pem" } }, deps({ fetch }, { readFile })).state();
    await openPower({ ...plan(bmc), tls: { fingerprint: "ab" } }, deps({ fetch })).state();
    expect(trusts).toEqual([{ ca: "PEM of /ca.pem" }, { fingerprint: "ab" }]);
    const without = openPower({ ...plan(bmc), tls: { ca: "/ca.pem" } }, deps({ fetch }));
    await expect(without.state()).rejects.toMatchObject({ code: "bmc-authority" });
  });
});

describe("what no repetition mends", () => {
  test("a wrong URL is said at once", async () => {
    const bmc = fakeBmc();
    const power = openPower({ ...plan(bmc), url: `${bmc.url}/nothing` }, deps(bmc));
    await expect(power.state()).rejects.toMatchObject({ code: "bmc-not-found" });
    expect(bmc.requests).toHaveLength(1);
  });

  test("refused credentials are not tried twice, and not shown", async () => {
    const bmc = fakeBmc({ account: "admin:right" });
    const power = openPower(plan(bmc, { env: "BMC" }), deps(bmc, { env: { BMC: "admin:hunter2" } }));
    const error: Error = await power.on().then(
      () => expect.unreachable(),
      (thrown) => thrown,
    );
    expect(error).toMatchObject({ code: "bmc-refused", details: { found: "HTTP 401" } });
    expect(everything(error)).not.toMatch(/hunter2|right|YWRtaW4/);
    expect(bmc.requests).toHaveLength(1);
  });
});

describe("credentials", () => {
  const account = "admin:pass:word";
  const sources = {
    file: [{ file: "/etc/bmc" }, { readFile: async () => `${account}\n` }],
    env: [{ env: "BMC" }, { env: { BMC: account } }],
    command: [{ command: ["pass", "bmc"] }, { runCommand: async () => `${account}\n` }],
  } as const;

  test.each(Object.keys(sources) as (keyof typeof sources)[])("come from a %s", async (source) => {
    const [credentials, given] = sources[source];
    const bmc = fakeBmc({ account });
    expect(await openPower(plan(bmc, credentials), deps(bmc, given)).state()).toBe("off");
  });

  test.each([
    [{ file: "/etc/bmc" }, {}, "the file /etc/bmc"],
    [{ env: "BMC" }, {}, "the environment variable BMC"],
    [{ env: "BMC" }, { env: { BMC: "hunter2" } }, "the environment variable BMC"],
    [{ command: ["pass", "hunter2"] }, {}, "the command pass"],
  ])("that are not there are named by where they should be: %j", async (credentials, given, where) => {
    const bmc = fakeBmc({ account });
    const error: Error = await openPower(plan(bmc, credentials), deps(bmc, given))
      .state()
      .then(
        () => expect.unreachable(),
        (thrown) => thrown,
      );
    expect(error).toMatchObject({ code: "bmc-credentials", message: expect.stringContaining(where) });
    expect(everything(error)).not.toContain("hunter2");
    expect(bmc.requests).toHaveLength(0);
  });
});

/** All that a careless logger could print of an error. */
function everything(error: Error): string {
  return [error.message, error.stack, JSON.stringify(error), String(error.cause)].join("\n");
}

// Against OpenIPMI's BMC simulator, through the real ipmitool.
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { afterAll, expect, test } from "vitest";
import { openPower } from "./index.ts";
import { powerContract } from "./power.contract.ts";
import { type IpmiSim, startIpmiSim } from "./testing/ipmi-sim.ts";
import { realDeps, temporaryFolder } from "./testing/world.ts";

const account = "admin:hunter2-of-rack";
const folder = temporaryFolder();
const running: IpmiSim[] = [];

afterAll(async () => {
  await Promise.all(running.map((each) => each.stop()));
  folder.remove();
});

let count = 0;
async function simulator(): Promise<IpmiSim> {
  count += 1;
  const own = join(folder.path, `bmc${count}`);
  mkdirSync(own);
  const started = await startIpmiSim(own, account, count);
  running.push(started);
  return started;
}

// Its boot flags have no valid bit, and know no firmware.
powerContract("ipmi on ipmi_sim", { networkBoot: "once", console: false }, async () => {
  const { bmc, machine } = await simulator();
  return { power: openPower(bmc, realDeps()), machine };
});

test("the password is in no argument and no environment of any process, and in no file that is left", async () => {
  const { bmc } = await simulator();
  const power = openPower({ ...bmc, credentials: { env: "BMC" } }, realDeps({ BMC: account }));
  const password = account.slice(account.indexOf(":") + 1);
  const seen = new Set<string>();
  let over = false;
  const work = (async () => {
    for (let round = 0; round < 2; round += 1) {
      await power.bootFromNetworkOnce();
      await power.cycle();
    }
    over = true;
  })();
  while (!over) {
    for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
      const [arguments_, environment] = [read(`/proc/${pid}/cmdline`), read(`/proc/${pid}/environ`)];
      if (!arguments_.startsWith("ipmitool\0")) continue;
      seen.add(arguments_);
      expect(arguments_ + environment).not.toContain(password);
    }
    await setTimeout(1);
  }
  await work;
  expect(seen.size, "ipmitool was seen at work").toBeGreaterThan(2);
});

test("wrong credentials are said to be so, and tried once", async () => {
  const { bmc } = await simulator();
  for (const wrong of ["admin:wrong", "nobody:hunter2-of-rack"]) {
    const power = openPower({ ...bmc, credentials: { env: "BMC" } }, realDeps({ BMC: wrong }));
    await expect(power.state()).rejects.toMatchObject({ code: "bmc-refused" });
  }
});

test("a cipher suite and an interface are what the site file says", async () => {
  const { bmc } = await simulator();
  expect(await openPower({ ...bmc, cipherSuite: undefined }, realDeps()).state()).toBe("off");
  expect(await openPower({ ...bmc, interface: "lan" }, realDeps()).state()).toBe("off");
});

test("a BMC that is not there is given up, with what ipmitool said", async () => {
  const { bmc, stop } = await simulator();
  await stop();
  await expect(openPower(bmc, realDeps(), { timeoutSeconds: 3 }).state()).rejects.toMatchObject({
    code: "bmc-timeout",
    details: { found: expect.stringContaining("Unable to establish") },
  });
});

function read(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}

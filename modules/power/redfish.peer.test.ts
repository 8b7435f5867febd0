// Against sushy-tools' Redfish emulator.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { RedfishPlan } from "../plan/index.ts";
import { openPower } from "./index.ts";
import { powerContract } from "./power.contract.ts";
import { type SushyTools, startSushyTools, uuidOf } from "./testing/sushy-tools.ts";
import { realDeps, temporaryFolder } from "./testing/world.ts";

const account = "admin:pass:word";
const names = Array.from({ length: 12 }, (_, index) => `m${index}`);
const folder = temporaryFolder();
let emulator: SushyTools;
let next = 0;

beforeAll(async () => {
  writeFileSync(join(folder.path, "credentials"), `${account}\n`, { mode: 0o600 });
  emulator = await startSushyTools(folder.path, account, names);
}, 300_000);

afterAll(async () => {
  await emulator?.stop();
  folder.remove();
});

function plan(name: string, change: Partial<RedfishPlan> = {}): RedfishPlan {
  return {
    driver: "redfish",
    url: `${emulator.systems}/${uuidOf(name)}`,
    credentials: { file: join(folder.path, "credentials") },
    tls: { ca: emulator.tls.ca },
    ...change,
  };
}

// It keeps no console, and knows no boot order for a single start.
powerContract("redfish on sushy-tools", { networkBoot: "always", console: false }, () => {
  const name = names[next++]!;
  // Its machines take up to 11 s: asked again sooner, it begins anew.
  const power = openPower(plan(name), realDeps(), { settleSeconds: 15 });
  return { power, machine: emulator.machine(name) };
});

test("the firmware's mode is ordered and read back", async () => {
  const name = names[next++]!;
  await openPower(plan(name, { firmware: "bios" }), realDeps()).bootFromNetworkOnce();
  expect(emulator.machine(name).networkOnce).toBe(true);
});

test("a BMC is known by the fingerprint of its certificate, and another one gets no credentials", async () => {
  const [name] = names;
  const { fingerprint } = emulator.tls;
  expect(await openPower(plan(name!, { tls: { fingerprint } }), realDeps()).state()).toMatch(/on|off/);
  for (const tls of [
    undefined,
    { fingerprint: fingerprint.replace(/^./, (digit) => (digit === "0" ? "1" : "0")) },
  ]) {
    const power = openPower(plan(name!, { tls }), realDeps(), { timeoutSeconds: 1 });
    await expect(power.state()).rejects.toMatchObject({
      code: "bmc-timeout",
      details: { found: expect.stringMatching(/certificate/) },
    });
  }
});

test("wrong credentials are said to be so", async () => {
  const power = openPower(plan(names[0]!, { credentials: { env: "BMC" } }), realDeps({ BMC: "admin:wrong" }));
  await expect(power.state()).rejects.toMatchObject({ code: "bmc-refused" });
});

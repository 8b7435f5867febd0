import { describe, expect, it } from "vitest";
import { FaultDice } from "./bmc-faults.ts";
import { type Bmc, type BmcTarget, redfish } from "./redfish.ts";

const path = "/redfish/v1/Systems/m1";
const authorization = `Basic ${Buffer.from("lab:secret").toString("base64")}`;

function rack() {
  const calls: string[] = [];
  const target: BmcTarget & { power: "On" | "Off" } = {
    name: "m1",
    power: "Off",
    bootOnce: false,
    powerOn: async () => {
      calls.push("on");
      target.power = "On";
    },
    powerOff: async () => {
      calls.push("off");
      target.power = "Off";
    },
    readConsole: () => Buffer.from("hello\n"),
  };
  const bmcs: Bmc[] = [{ path, credentials: "lab:secret", target, dice: new FaultDice("m1") }];
  const ask = (method: string, at: string, body: unknown = "", auth: string | undefined = authorization) =>
    redfish(bmcs, {
      method,
      path: at,
      authorization: auth,
      body: typeof body === "string" ? body : JSON.stringify(body),
    });
  return { calls, target, ask };
}

describe("a BMC", () => {
  it("tells its state", async () => {
    const { status, body } = await rack().ask("GET", path);
    expect(status).toBe(200);
    expect(JSON.parse(String(body))).toMatchObject({
      PowerState: "Off",
      Boot: { BootSourceOverrideEnabled: "Disabled", BootSourceOverrideTarget: "None" },
    });
  });

  it("sets and unsets booting from the network once", async () => {
    const { ask, target } = rack();
    const once = { Boot: { BootSourceOverrideEnabled: "Once", BootSourceOverrideTarget: "Pxe" } };
    expect((await ask("PATCH", path, once)).status).toBe(200);
    expect(target.bootOnce).toBe(true);
    await ask("PATCH", path, { Boot: { BootSourceOverrideEnabled: "Disabled" } });
    expect(target.bootOnce).toBe(false);
  });

  it.each([
    ["On", ["on"]],
    ["ForceOff", ["off"]],
    ["ForceRestart", ["off", "on"]],
  ])("resets: %s", async (ResetType, calls) => {
    const { ask, calls: made } = rack();
    expect((await ask("POST", `${path}/Actions/ComputerSystem.Reset`, { ResetType })).status).toBe(204);
    expect(made).toEqual(calls);
  });

  it("shows its console as text", async () => {
    const { headers, body } = await rack().ask("GET", `${path}/Oem/Landfall/Console`);
    expect(headers["content-type"]).toMatch("text/plain");
    expect(String(body)).toBe("hello\n");
  });

  it.each([undefined, "", "Basic bGFiOndyb25n", "Bearer secret"])("lets nobody in with %j", async (auth) => {
    const { ask, calls } = rack();
    const answers = await Promise.all([
      ask("GET", path, "", auth ?? ""),
      ask("GET", `${path}/Oem/Landfall/Console`, "", auth ?? ""),
      ask("POST", `${path}/Actions/ComputerSystem.Reset`, { ResetType: "On" }, auth ?? ""),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([401, 401, 401]);
    expect(calls).toEqual([]);
  });

  it.each([
    ["PATCH", path, "not json", 400],
    ["PATCH", path, { Boot: { BootSourceOverrideEnabled: "Always" } }, 400],
    ["POST", `${path}/Actions/ComputerSystem.Reset`, { ResetType: "Nmi" }, 400],
    ["GET", "/redfish/v1/Systems/m10", "", 404],
    ["DELETE", path, "", 404],
    ["GET", `${path}/Bios`, "", 404],
  ])("%s %s %j", async (method, at, body, status) => {
    expect((await rack().ask(method, at, body)).status).toBe(status);
  });
});

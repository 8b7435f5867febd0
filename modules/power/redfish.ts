// Redfish, the part that power needs (DSP0266; ComputerSystem.Reset and Boot of the ComputerSystem schema).

import type { BmcPlan } from "../plan/index.ts";
import { LandfallError } from "../spec/index.ts";
import { authorization } from "./credentials.ts";
import type { Power, PowerDeps, PowerOptions, PowerResponse } from "./types.ts";
import { until } from "./until.ts";

const requestSeconds = 10;

interface ComputerSystem {
  readonly PowerState?: string;
  readonly Boot?: { readonly BootSourceOverrideEnabled?: string; readonly BootSourceOverrideTarget?: string };
}

/** Power through the ComputerSystem at `bmc.url`. Credentials are looked up at the first call. */
export function redfish(bmc: BmcPlan, deps: PowerDeps, options: PowerOptions = {}): Power {
  const { signal } = options;
  const url = bmc.url.replace(/\/+$/, "");
  const shown = withoutUser(url);
  let authorized: Promise<string | undefined> | undefined;

  async function request(
    method: "GET" | "PATCH" | "POST",
    path: string,
    body?: object,
  ): Promise<PowerResponse> {
    authorized ??= authorization(bmc, deps);
    const header = await authorized;
    const response = await deps.fetch(`${url}${path}`, {
      method,
      headers: {
        accept: "application/json",
        ...(header === undefined ? {} : { authorization: header }),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.any([AbortSignal.timeout(requestSeconds * 1000), ...(signal ? [signal] : [])]),
    });
    // Asked again, a controller would lock the account.
    if (response.status === 401 || response.status === 403)
      throw new LandfallError("bmc-refused", `the BMC ${shown} refuses the credentials`, {
        found: `HTTP ${response.status}`,
        expected: "credentials of an account that may control power",
        next:
          bmc.credentials === undefined
            ? "give the machine's bmc credentials in the site file"
            : "correct them",
      });
    return response;
  }

  async function checked(method: "GET" | "PATCH" | "POST", path: string, body?: object): Promise<string> {
    const response = await request(method, path, body);
    const text = await response.text();
    if (response.status >= 200 && response.status < 300) return text;
    if (response.status === 404)
      throw new LandfallError("bmc-not-found", `the BMC has no ${shown}${path}`, {
        found: "HTTP 404",
        expected: "the URL of a Redfish ComputerSystem",
        next: "list them: GET /redfish/v1/Systems of the BMC, then correct the site file",
      });
    throw new Error(`HTTP ${response.status}${messageId(text)} to ${method} ${path || "/"}`);
  }

  async function system(): Promise<ComputerSystem> {
    return JSON.parse(await checked("GET", "")) as ComputerSystem;
  }

  const run = <T>(what: string, attempt: Parameters<typeof until<T>>[0]["attempt"]) =>
    until({ what: `${what} through the BMC ${shown}`, attempt, deps, options });

  async function change(
    what: string,
    expected: string,
    done: (system: ComputerSystem) => boolean,
    found: (system: ComputerSystem) => string,
    ask: () => Promise<unknown>,
  ): Promise<void> {
    const settle = (options.settleSeconds ?? 10) * 1000;
    let askedAt: number | undefined;
    await run(what, async () => {
      const now = await system();
      if (done(now)) return { value: undefined };
      if (askedAt === undefined || deps.clock.now() - askedAt >= settle) {
        // Only a request that the controller accepted is given time; a failed one is repeated.
        askedAt = undefined;
        await ask();
        askedAt = deps.clock.now();
      }
      return { found: found(now), expected };
    });
  }

  const reset = (type: "On" | "ForceOff") => () =>
    checked("POST", "/Actions/ComputerSystem.Reset", { ResetType: type });
  const powerState = ({ PowerState }: ComputerSystem) => `PowerState ${PowerState}`;

  const power: Power = {
    state: () =>
      run<"on" | "off">("read the power state", async () => {
        const { PowerState } = await system();
        if (PowerState === "Off") return { value: "off" };
        if (PowerState === "On" || PowerState === "PoweringOn" || PowerState === "PoweringOff")
          return { value: "on" };
        return { found: `PowerState ${PowerState}`, expected: "PowerState On or Off" };
      }),
    on: () =>
      change("power on", "PowerState On", ({ PowerState }) => PowerState === "On", powerState, reset("On")),
    off: () =>
      change(
        "power off",
        "PowerState Off",
        ({ PowerState }) => PowerState === "Off",
        powerState,
        reset("ForceOff"),
      ),
    async cycle() {
      await power.off();
      await power.on();
    },
    bootFromNetworkOnce: () =>
      change(
        "order one network boot",
        "boot override Once, Pxe",
        ({ Boot }) => Boot?.BootSourceOverrideEnabled === "Once" && Boot.BootSourceOverrideTarget === "Pxe",
        ({ Boot }) => `boot override ${Boot?.BootSourceOverrideEnabled}, ${Boot?.BootSourceOverrideTarget}`,
        () =>
          checked("PATCH", "", {
            Boot: { BootSourceOverrideEnabled: "Once", BootSourceOverrideTarget: "Pxe" },
          }),
      ),
    console: () =>
      run<string | undefined>("read the console", async () => {
        const response = await request("GET", "/Oem/Landfall/Console");
        if (response.status === 404) return { value: undefined };
        if (response.status !== 200) throw new Error(`HTTP ${response.status} to GET /Oem/Landfall/Console`);
        return { value: await response.text() };
      }),
  };
  return power;
}

/** Redfish's own name of an error, as Base.1.8.InsufficientPrivilege; other text could repeat what we sent. */
function messageId(text: string): string {
  const id = /"(?:MessageId|code)"\s*:\s*"([\w.]{1,100})"/.exec(text)?.[1];
  return id === undefined ? "" : ` (${id})`;
}

function withoutUser(url: string): string {
  const { origin, pathname } = new URL(url);
  return origin + pathname;
}

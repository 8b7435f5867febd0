// Redfish, the part that power needs (DSP0266; ComputerSystem.Reset and Boot of the ComputerSystem schema).

import type { RedfishPlan } from "../plan/index.ts";
import { LandfallError } from "../spec/index.ts";
import { type Account, accountOf } from "./credentials.ts";
import type { Power, PowerDeps, PowerOptions, PowerResponse, Trust } from "./types.ts";
import { Busy, change, until } from "./until.ts";

const requestSeconds = 10;

interface ComputerSystem {
  readonly "@odata.etag"?: string;
  readonly PowerState?: string;
  readonly Boot?: {
    readonly BootSourceOverrideEnabled?: string;
    readonly BootSourceOverrideTarget?: string;
    readonly BootSourceOverrideMode?: string;
  };
  readonly Actions?: {
    readonly "#ComputerSystem.Reset"?: {
      readonly target?: string;
      readonly "ResetType@Redfish.AllowableValues"?: readonly string[];
    };
  };
}

/** What was read, and the version of it that a change may be made conditional on. */
interface Read {
  readonly system: ComputerSystem;
  readonly etag: string | undefined;
}

/** Power through the ComputerSystem at `bmc.url`. Credentials are looked up at the first call. */
export function redfish(bmc: RedfishPlan, deps: PowerDeps, options: PowerOptions = {}): Power {
  const { signal } = options;
  const url = bmc.url.replace(/\/+$/, "");
  const { origin } = new URL(url);
  const shown = withoutUser(url);
  const own = (path: string) => `${url}${path}`;
  let known: Promise<Known> | undefined;

  async function request(
    method: "GET" | "PATCH" | "POST",
    target: string,
    body?: object,
    etag?: string,
  ): Promise<PowerResponse> {
    known ??= knownOf(bmc, deps);
    const { authorization, trust } = await known;
    const response = await deps.fetch(target, {
      method,
      headers: {
        accept: "application/json",
        ...(authorization === undefined ? {} : { authorization }),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...(etag === undefined ? {} : { "if-match": etag }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      trust,
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

  async function checked(
    method: "GET" | "PATCH" | "POST",
    target: string,
    body?: object,
    etag?: string,
  ): Promise<{ readonly text: string; readonly response: PowerResponse }> {
    const response = await request(method, target, body, etag);
    const text = await response.text();
    if (response.status >= 200 && response.status < 300) return { text, response };
    if (response.status === 404)
      throw new LandfallError("bmc-not-found", `the BMC has no ${withoutUser(target)}`, {
        found: "HTTP 404",
        expected: "the URL of a Redfish ComputerSystem",
        next: "list them: GET /redfish/v1/Systems of the BMC, then correct the site file",
      });
    const message = `HTTP ${response.status}${messageId(text)} to ${method} ${target.slice(url.length) || "/"}`;
    const rest = Number(response.headers.get("retry-after") ?? Number.NaN);
    throw rest >= 0 ? new Busy(message, rest) : new Error(message);
  }

  async function read(): Promise<Read> {
    const { text, response } = await checked("GET", url);
    const system = JSON.parse(text) as ComputerSystem;
    return { system, etag: response.headers.get("etag") ?? system["@odata.etag"] };
  }

  const run = <T>(what: string, attempt: Parameters<typeof until<T>>[0]["attempt"]) =>
    until({ what: `${what} through the BMC ${shown}`, attempt, deps, options });

  const reset =
    (wanted: "On" | "Off") =>
    async ({ system }: Read) => {
      const { target, "ResetType@Redfish.AllowableValues": allowed = [] } =
        system.Actions?.["#ComputerSystem.Reset"] ?? {};
      const on = allowed.includes("ForceOn") && !allowed.includes("On") ? "ForceOn" : "On";
      // A target that is elsewhere would take the credentials there.
      const at = target?.startsWith("/") && !target.startsWith("//") ? `${origin}${target}` : undefined;
      await checked("POST", at ?? own("/Actions/ComputerSystem.Reset"), {
        ResetType: wanted === "On" ? on : "ForceOff",
      });
    };
  const turn = (wanted: "On" | "Off") =>
    change<Read>({
      what: `power ${wanted.toLowerCase()} through the BMC ${shown}`,
      expected: `PowerState ${wanted}`,
      read,
      done: ({ system }) => system.PowerState === wanted,
      found: ({ system }) => `PowerState ${system.PowerState}`,
      ask: reset(wanted),
      deps,
      options,
    });
  const mode = bmc.firmware === undefined ? undefined : bmc.firmware === "uefi" ? "UEFI" : "Legacy";

  const power: Power = {
    state: () =>
      run<"on" | "off">("read the power state", async () => {
        const { PowerState } = (await read()).system;
        if (PowerState === "Off") return { value: "off" };
        if (PowerState === "On" || PowerState === "PoweringOn" || PowerState === "PoweringOff")
          return { value: "on" };
        return { found: `PowerState ${PowerState}`, expected: "PowerState On or Off" };
      }),
    on: () => turn("On"),
    off: () => turn("Off"),
    async cycle() {
      await power.off();
      await power.on();
    },
    bootFromNetworkOnce: () =>
      change<Read>({
        what: `order one network boot through the BMC ${shown}`,
        expected: `boot override Once, Pxe${mode === undefined ? "" : `, ${mode}`}`,
        read,
        done: ({ system: { Boot } }, asked) =>
          Boot?.BootSourceOverrideTarget === "Pxe" &&
          (mode === undefined || Boot.BootSourceOverrideMode === mode) &&
          // Asked for one start, some controllers make it all starts: the next one is from the network either way.
          (Boot.BootSourceOverrideEnabled === "Once" ||
            (asked && Boot.BootSourceOverrideEnabled === "Continuous")),
        found: ({ system: { Boot } }) =>
          `boot override ${Boot?.BootSourceOverrideEnabled}, ${Boot?.BootSourceOverrideTarget}${mode === undefined ? "" : `, ${Boot?.BootSourceOverrideMode}`}`,
        ask: ({ etag }) =>
          checked(
            "PATCH",
            url,
            {
              Boot: {
                BootSourceOverrideEnabled: "Once",
                BootSourceOverrideTarget: "Pxe",
                ...(mode === undefined ? {} : { BootSourceOverrideMode: mode }),
              },
            },
            etag,
          ),
        deps,
        options,
      }),
    console: () =>
      run<string | undefined>("read the console", async () => {
        const response = await request("GET", own("/Oem/Landfall/Console"));
        if (response.status === 404) return { value: undefined };
        if (response.status !== 200) throw new Error(`HTTP ${response.status} to GET /Oem/Landfall/Console`);
        return { value: await response.text() };
      }),
  };
  return power;
}

/** What every request needs, looked up once. */
interface Known {
  /** Value of the Authorization header; undefined for a controller without credentials. */
  readonly authorization: string | undefined;
  readonly trust: Trust | undefined;
}

async function knownOf({ credentials, tls }: RedfishPlan, deps: PowerDeps): Promise<Known> {
  return {
    authorization: credentials === undefined ? undefined : basic(await accountOf(credentials, deps)),
    trust:
      tls?.fingerprint !== undefined
        ? { fingerprint: tls.fingerprint }
        : tls?.ca !== undefined
          ? { ca: await authority(tls.ca, deps) }
          : undefined,
  };
}

function basic({ user, password }: Account): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
}

async function authority(path: string, deps: PowerDeps): Promise<string> {
  try {
    return await deps.readFile(path);
  } catch (cause) {
    throw new LandfallError("bmc-authority", `the authority of the BMC's certificate cannot be read`, {
      found: cause instanceof Error ? cause.message : String(cause),
      expected: `a PEM file at ${path}`,
      next: "put it there, or correct bmc.tls.ca in the site file",
      cause,
    });
  }
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

// The part of Redfish that Landfall asks of a BMC, for all machines of the rack; a function from request to answer.
// https://www.dmtf.org/standards/redfish (ComputerSystem v1)
import { createHash, timingSafeEqual } from "node:crypto";
import { z } from "zod";
import type { FaultDice } from "./bmc-faults.ts";

export interface RedfishRequest {
  readonly method: string;
  readonly path: string;
  readonly authorization: string | undefined;
  readonly body: string;
}

export interface RedfishAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Buffer;
}

/** A machine as its BMC needs it. */
export interface BmcTarget {
  readonly name: string;
  readonly power: "On" | "Off";
  bootOnce: boolean;
  powerOn(): Promise<void>;
  powerOff(): Promise<void>;
  readConsole(): Buffer;
}

export interface Bmc {
  /** Path of the ComputerSystem, without a slash at the end. */
  readonly path: string;
  /** `user:password`; undefined: open to everybody. */
  readonly credentials: string | undefined;
  readonly target: BmcTarget;
  readonly dice: FaultDice;
}

/** The BMC that a path belongs to. */
export function bmcAt(bmcs: readonly Bmc[], path: string): Bmc | undefined {
  const bare = path.replace(/\/$/, "");
  return bmcs.find((bmc) => bare === bmc.path || bare.startsWith(`${bmc.path}/`));
}

const patch = z.object({
  Boot: z.object({
    BootSourceOverrideEnabled: z.enum(["Once", "Disabled"]),
    BootSourceOverrideTarget: z.enum(["Pxe", "None"]).optional(),
  }),
});
const reset = z.object({ ResetType: z.enum(["On", "ForceOff", "ForceRestart"]) });

/** Answers one request; never throws for what a client did. */
export async function redfish(bmcs: readonly Bmc[], request: RedfishRequest): Promise<RedfishAnswer> {
  const path = request.path.replace(/\/$/, "");
  const bmc = bmcAt(bmcs, path);
  if (bmc === undefined) return problem(404, "ResourceMissingAtURI", path);
  if (bmc.credentials !== undefined && !authorized(bmc.credentials, request.authorization)) {
    return {
      ...problem(401, "NoValidSession", "basic authentication"),
      headers: { "www-authenticate": 'Basic realm="landfall-lab"' },
    };
  }
  const action = `${request.method} ${path.slice(bmc.path.length)}`;
  switch (action) {
    case "GET ":
      return json(200, system(bmc));
    case "PATCH ": {
      const wanted = patch.safeParse(parseJson(request.body));
      if (!wanted.success) return problem(400, "PropertyValueError", z.prettifyError(wanted.error));
      const { BootSourceOverrideEnabled, BootSourceOverrideTarget } = wanted.data.Boot;
      bmc.target.bootOnce = BootSourceOverrideEnabled === "Once" && BootSourceOverrideTarget === "Pxe";
      return json(200, system(bmc));
    }
    case "POST /Actions/ComputerSystem.Reset": {
      const wanted = reset.safeParse(parseJson(request.body));
      if (!wanted.success) return problem(400, "ActionParameterValueError", z.prettifyError(wanted.error));
      if (wanted.data.ResetType !== "On") await bmc.target.powerOff();
      if (wanted.data.ResetType !== "ForceOff") await bmc.target.powerOn();
      return { status: 204, headers: {}, body: "" };
    }
    case "GET /Oem/Landfall/Console":
      return {
        status: 200,
        headers: { "content-type": "text/plain; charset=utf-8" },
        body: bmc.target.readConsole(),
      };
    default:
      return problem(404, "ResourceMissingAtURI", action);
  }
}

function system({ path, target }: Bmc) {
  return {
    "@odata.id": path,
    "@odata.type": "#ComputerSystem.v1_20_0.ComputerSystem",
    Id: target.name,
    Name: target.name,
    PowerState: target.power,
    Boot: {
      BootSourceOverrideEnabled: target.bootOnce ? "Once" : "Disabled",
      BootSourceOverrideTarget: target.bootOnce ? "Pxe" : "None",
    },
    Actions: {
      "#ComputerSystem.Reset": {
        target: `${path}/Actions/ComputerSystem.Reset`,
        "ResetType@Redfish.AllowableValues": reset.shape.ResetType.options,
      },
    },
  };
}

function authorized(credentials: string, header: string | undefined): boolean {
  const hash = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(hash(header ?? ""), hash(`Basic ${Buffer.from(credentials).toString("base64")}`));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function json(status: number, value: unknown): RedfishAnswer {
  return { status, headers: { "content-type": "application/json" }, body: JSON.stringify(value) };
}

function problem(status: number, code: string, message: string): RedfishAnswer {
  return json(status, { error: { code: `Base.1.0.${code}`, message } });
}

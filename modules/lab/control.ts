// The daemon's ear: HTTP with JSON on a unix socket that only root may open. Faults are injected and costs read here.
import { createServer, request, type Server } from "node:http";
import { z } from "zod";
import { LandfallError } from "../spec/index.ts";
import type { BmcFaults, Fallen } from "./bmc-faults.ts";
import type { LabConfig } from "./config.ts";
import type { MachineKind, PowerState } from "./machine.ts";
import type { LabUsage } from "./usage.ts";

export type ServiceName = "dhcp" | "boot" | "relay";

export interface LabStatus {
  readonly site: string;
  readonly pid: number;
  /** SHA-256 of the configuration that the daemon plays. */
  readonly config: string;
  readonly services: Readonly<Record<ServiceName, "running" | "stopped">>;
  /** Undefined: BMCs do as they are told. */
  readonly bmcFaults: (BmcFaults & Fallen) | undefined;
  readonly machines: readonly {
    readonly name: string;
    readonly kind: MachineKind;
    readonly power: PowerState;
    readonly dead: boolean;
    /** Absolute path of the console's log. */
    readonly console: string;
  }[];
}

/** What can be asked of a lab that runs. */
export interface LabControl {
  status(): Promise<LabStatus>;
  usage(): Promise<LabUsage>;
  /**
   * Plays another version of the site's file: machines come and go, others run on.
   * @throws LandfallError `lab-differs`, `machine-on`.
   */
  adopt(config: LabConfig): Promise<void>;
  powerOn(machines: readonly string[], options?: { readonly network?: boolean }): Promise<void>;
  /** The honest power cut, of all at once. */
  cutPower(machines: readonly string[]): Promise<void>;
  startService(service: ServiceName): Promise<void>;
  stopService(service: ServiceName): Promise<void>;
  /** A dead machine takes power and never boots. */
  setDead(machines: readonly string[], dead: boolean): Promise<void>;
  /** BMCs that fail and lie from now on; undefined: no more. */
  setBmcFaults(faults: BmcFaults | undefined): Promise<void>;
}

const names = z.array(z.string());
const service = z.enum(["dhcp", "boot", "relay"]);
const call = z.discriminatedUnion("call", [
  z.strictObject({ call: z.literal("status") }),
  z.strictObject({ call: z.literal("usage") }),
  z.strictObject({ call: z.literal("adopt"), config: z.custom<LabConfig>() }),
  z.strictObject({ call: z.literal("powerOn"), machines: names, network: z.boolean() }),
  z.strictObject({ call: z.literal("cutPower"), machines: names }),
  z.strictObject({ call: z.literal("startService"), service }),
  z.strictObject({ call: z.literal("stopService"), service }),
  z.strictObject({ call: z.literal("setDead"), machines: names, dead: z.boolean() }),
  z.strictObject({ call: z.literal("setBmcFaults"), faults: z.custom<BmcFaults>().optional() }),
]);
type Call = z.infer<typeof call>;

/** Serves `lab`; the caller listens. */
export function controlServer(lab: LabControl): Server {
  return createServer((incoming, response) => {
    const chunks: Buffer[] = [];
    incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
    incoming.on("end", async () => {
      try {
        const result = await dispatch(lab, call.parse(JSON.parse(Buffer.concat(chunks).toString())));
        response.end(JSON.stringify({ result: result ?? null }));
      } catch (error) {
        const { message } = error as Error;
        const code = error instanceof LandfallError ? error.code : "lab-call-failed";
        response.statusCode = 400;
        response.end(
          JSON.stringify({
            error: {
              code,
              message,
              details: error instanceof LandfallError ? { ...error.details, cause: undefined } : {},
            },
          }),
        );
      }
    });
  });
}

function dispatch(lab: LabControl, asked: Call): Promise<unknown> {
  switch (asked.call) {
    case "status":
      return lab.status();
    case "usage":
      return lab.usage();
    case "adopt":
      return lab.adopt(asked.config);
    case "powerOn":
      return lab.powerOn(asked.machines, { network: asked.network });
    case "cutPower":
      return lab.cutPower(asked.machines);
    case "startService":
      return lab.startService(asked.service);
    case "stopService":
      return lab.stopService(asked.service);
    case "setDead":
      return lab.setDead(asked.machines, asked.dead);
    case "setBmcFaults":
      return lab.setBmcFaults(asked.faults);
  }
}

/** The same from another process. @throws LandfallError `lab-not-running` when nobody answers. */
export function controlClient(socketPath: string): LabControl {
  const ask = <T>(asked: Call) => post(socketPath, asked) as Promise<T>;
  return {
    status: () => ask({ call: "status" }),
    usage: () => ask({ call: "usage" }),
    adopt: (config) => ask({ call: "adopt", config }),
    powerOn: (machines, options) =>
      ask({ call: "powerOn", machines: [...machines], network: options?.network ?? false }),
    cutPower: (machines) => ask({ call: "cutPower", machines: [...machines] }),
    startService: (name) => ask({ call: "startService", service: name }),
    stopService: (name) => ask({ call: "stopService", service: name }),
    setDead: (machines, dead) => ask({ call: "setDead", machines: [...machines], dead }),
    setBmcFaults: (faults) => ask({ call: "setBmcFaults", faults }),
  };
}

function post(socketPath: string, body: Call): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ socketPath, method: "POST", path: "/", agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () => {
        const answer = JSON.parse(Buffer.concat(chunks).toString()) as {
          result?: unknown;
          error?: { code: string; message: string; details: object };
        };
        if (answer.error === undefined) resolve(answer.result);
        else reject(new LandfallError(answer.error.code, answer.error.message, answer.error.details));
      });
    });
    outgoing.on("error", (cause) =>
      reject(
        new LandfallError("lab-not-running", "the lab does not run", {
          found: cause.message,
          next: "landfall lab up",
          cause,
        }),
      ),
    );
    outgoing.end(JSON.stringify(body));
  });
}

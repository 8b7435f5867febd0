// A Redfish controller in memory, honest or not, for the tests of this module.
import { type FakeMachine, fakeMachine } from "./fake-machine.ts";
import type { PowerRequest, PowerResponse } from "./types.ts";

export interface FakeBmc {
  readonly url: string;
  readonly fetch: (url: string, init: PowerRequest) => Promise<PowerResponse>;
  /** What is true of the machine, whatever the controller says. */
  readonly machine: FakeMachine;
  /** `METHOD path` of each request, in order. */
  readonly requests: string[];
}

export interface FakeBmcOptions {
  /** From 0 up to 1; consulted once for an error and once for a lie at each request. Default: never below 1. */
  readonly dice?: () => number;
  /** Share of requests answered with an error. Default: 0. */
  readonly errors?: number;
  /** Share of changes that are claimed and not done. Default: 0. */
  readonly lies?: number;
  /** user:password. Default: none asked. */
  readonly account?: string;
  readonly console?: string | undefined;
}

export function fakeBmc(options: FakeBmcOptions = {}): FakeBmc {
  const { dice = () => 1, errors = 0, lies = 0, account } = options;
  const url = "http://bmc.example/redfish/v1/Systems/m1";
  const machine = fakeMachine(options.console);
  const requests: string[] = [];

  function change(action: () => void): PowerResponse {
    if (dice() >= lies) action();
    return answer(204, "");
  }

  return {
    url,
    machine,
    requests,
    async fetch(target, { method, headers, body }) {
      const path = target.slice(url.length);
      requests.push(`${method} ${path}`);
      if (dice() < errors) {
        if (dice() < 0.5) throw new TypeError("fetch failed", { cause: new Error("connect ECONNREFUSED") });
        return answer(500, `{"error":{"@Message.ExtendedInfo":[{"MessageId":"Base.1.8.InternalError"}]}}`);
      }
      if (account !== undefined && headers.authorization !== `Basic ${btoa(account)}`)
        return answer(401, account);
      switch (`${method} ${path}`) {
        case "GET ":
          return answer(
            200,
            JSON.stringify({
              PowerState: machine.on ? "On" : "Off",
              Boot: {
                BootSourceOverrideEnabled: machine.networkOnce ? "Once" : "Disabled",
                BootSourceOverrideTarget: machine.networkOnce ? "Pxe" : "None",
              },
            }),
          );
        case "PATCH ":
          return change(() => {
            machine.networkOnce = JSON.parse(body ?? "").Boot.BootSourceOverrideTarget === "Pxe";
          });
        case "POST /Actions/ComputerSystem.Reset": {
          const type: unknown = JSON.parse(body ?? "").ResetType;
          return change(() => {
            if (type === "On") machine.start();
            if (type === "ForceOff") machine.on = false;
          });
        }
        case "GET /Oem/Landfall/Console":
          return options.console === undefined ? answer(404, "") : answer(200, machine.console);
        default:
          return answer(404, "");
      }
    },
  };
}

/** With headers in lower case. */
export function answer(
  status: number,
  text: string,
  headers: Readonly<Record<string, string>> = {},
): PowerResponse {
  return { status, headers: { get: (name) => headers[name.toLowerCase()] ?? null }, text: async () => text };
}

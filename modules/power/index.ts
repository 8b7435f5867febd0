// Machines' power: on, off, and what they start from.
import type { BmcPlan } from "../plan/index.ts";
import { exec } from "./exec.ts";
import { ipmi } from "./ipmi.ts";
import { manual } from "./manual.ts";
import { redfish } from "./redfish.ts";
import type { Power, PowerDeps, PowerOptions } from "./types.ts";
import { wol } from "./wol.ts";

export { bmcText } from "./text.ts";
export { turns } from "./turns.ts";
export type {
  Clock,
  CommandOptions,
  Power,
  PowerDeps,
  PowerOptions,
  PowerRequest,
  PowerResponse,
  Trust,
} from "./types.ts";
export { answers, request, runCommand, sendPacket } from "./world.ts";

/** The power of the machine that `bmc` controls. Touches nothing before the first call of a method. */
export function openPower(bmc: BmcPlan, deps: PowerDeps, options: PowerOptions = {}): Power {
  const power = driverOf(bmc, deps, options);
  const { takeTurn } = deps;
  if (takeTurn === undefined) return power;
  const on = () => takeTurn(() => power.on(), options.signal);
  return {
    ...power,
    on,
    async cycle() {
      await power.off();
      await on();
    },
  };
}

function driverOf(bmc: BmcPlan, deps: PowerDeps, options: PowerOptions): Power {
  switch (bmc.driver) {
    case "redfish":
      return redfish(bmc, deps, options);
    case "ipmi":
      return ipmi(bmc, deps, options);
    case "wol":
      return wol(bmc, deps, options);
    case "exec":
      return exec(bmc, deps, options);
    case "manual":
      return manual(bmc, deps, options);
  }
}

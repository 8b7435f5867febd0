// Machines' power: on, off, and what they start from.
import type { BmcPlan } from "../plan/index.ts";
import { redfish } from "./redfish.ts";
import type { Power, PowerDeps, PowerOptions } from "./types.ts";

export type { Clock, Power, PowerDeps, PowerOptions, PowerRequest, PowerResponse } from "./types.ts";

/** The power of the machine that `bmc` controls. Touches nothing before the first call of a method. */
export function openPower(bmc: BmcPlan, deps: PowerDeps, options: PowerOptions = {}): Power {
  switch (bmc.driver) {
    case "redfish":
      return redfish(bmc, deps, options);
  }
}

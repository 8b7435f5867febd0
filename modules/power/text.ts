import type { BmcPlan } from "../plan/index.ts";

/** How a machine's power is controlled, in a few words for a table. */
export function bmcText(bmc: BmcPlan): string {
  switch (bmc.driver) {
    case "redfish":
      return bmc.url;
    case "ipmi":
      return `ipmi ${bmc.host}${bmc.port === 623 ? "" : `, port ${bmc.port}`}`;
    case "wol":
      return bmc.off === undefined ? "wol, off by hand" : "wol";
    case "exec":
      return `exec ${bmc.on.argv[0]}`;
    case "manual":
      return "by hand";
  }
}

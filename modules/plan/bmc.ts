// How each machine's power is controlled, with all that its driver needs filled in.
import {
  defaults,
  formatAddress,
  LandfallError,
  type Machine,
  parseAddress,
  type Site,
} from "../spec/index.ts";
import type { BmcPlan, Body, CommandPlan, CredentialsPlan, PowerLimits } from "./types.ts";

/** @param absolute of a path as the site's file has it. */
export function planBmc(machine: Machine, absolute: (path: string) => string): BmcPlan {
  const { bmc } = machine;
  const body: Body = {
    name: machine.name,
    mac: machine.mac.toLowerCase().replaceAll("-", ":"),
    address: canonical(machine.address),
  };
  const command = (argv: readonly string[]): CommandPlan => ({
    argv: argv.map((word) => fill(word, body)),
    folder: absolute("."),
  });
  const maybe = (argv: readonly string[] | undefined) => (argv === undefined ? undefined : command(argv));
  switch (bmc.driver) {
    case "redfish":
      return {
        driver: bmc.driver,
        url: bmc.url.replace(/\/$/, ""),
        credentials: bmc.credentials && planCredentials(bmc.credentials, absolute),
        ...(bmc.tls === undefined
          ? {}
          : {
              tls: {
                ca: bmc.tls.ca === undefined ? undefined : absolute(bmc.tls.ca),
                fingerprint: bmc.tls.fingerprint?.toLowerCase().replaceAll(":", ""),
              },
            }),
        ...(bmc.firmware === undefined ? {} : { firmware: bmc.firmware }),
      };
    case "ipmi":
      return {
        driver: bmc.driver,
        host: bmc.host,
        port: bmc.port ?? defaults.ipmiPort,
        interface: bmc.interface ?? defaults.ipmiInterface,
        cipherSuite: bmc.cipherSuite,
        privilege: bmc.privilege ?? defaults.ipmiPrivilege,
        credentials: planCredentials(bmc.credentials, absolute),
        firmware: bmc.firmware,
      };
    case "wol":
      return {
        driver: bmc.driver,
        machine: body,
        broadcast: bmc.broadcast ?? defaults.wolBroadcast,
        port: bmc.port ?? defaults.wolPort,
        off: maybe(bmc.off),
        probePort: bmc.probePort ?? defaults.probePort,
        patience: bmc.patience ?? defaults.wolPatience,
      };
    case "exec":
      return {
        driver: bmc.driver,
        machine: body,
        state: command(bmc.state),
        on: command(bmc.on),
        off: command(bmc.off),
        networkBoot: maybe(bmc.networkBoot),
        nextBoot: maybe(bmc.nextBoot),
        console: maybe(bmc.console),
      };
    case "manual":
      return {
        driver: bmc.driver,
        machine: body,
        probePort: bmc.probePort ?? defaults.probePort,
        patience: bmc.patience ?? defaults.manualPatience,
      };
  }
}

export function planPower({ power = {} }: Site): PowerLimits {
  return { atOnce: power.atOnce ?? defaults.powerAtOnce, stagger: power.stagger ?? defaults.powerStagger };
}

function planCredentials(credentials: CredentialsPlan, absolute: (path: string) => string): CredentialsPlan {
  return credentials.file === undefined ? credentials : { file: absolute(credentials.file) };
}

/** What stands in braces and is none of these was refused by modules/spec. */
function fill(word: string, body: Body): string {
  return word.replaceAll(/\{(name|mac|address)\}/g, (_, key: keyof Body) => body[key]);
}

function canonical(address: string): string {
  const parsed = parseAddress(address);
  if (parsed !== undefined) return formatAddress(parsed);
  throw new LandfallError("plan-impossible", `no plan can be made: ${address} is no address`, {
    found: address,
    expected: "files that have passed modules/spec",
  });
}

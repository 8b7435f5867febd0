import { describe, expect, test } from "vitest";
import type { IpmiPlan } from "../plan/index.ts";
import { fakeDeps } from "./fake-deps.ts";
import { fakeMachine } from "./fake-machine.ts";
import { openPower, type PowerDeps } from "./index.ts";
import { powerContract, stormContract, type Weather } from "./power.contract.ts";

const account = "admin:pass:word";
const bmc: IpmiPlan = {
  driver: "ipmi",
  host: "bmc.example",
  port: 623,
  interface: "lanplus",
  cipherSuite: undefined,
  privilege: "administrator",
  credentials: { env: "BMC" },
  firmware: undefined,
};

interface FakeOptions extends Partial<Weather> {
  /** Whether the controller keeps the bit that says that its flags are in force. Default: true. */
  readonly keepsValid?: boolean;
}

/** ipmitool before a machine in memory. */
function fakeIpmitool({ dice = () => 1, errors = 0, lies = 0, keepsValid = true }: FakeOptions = {}) {
  const machine = fakeMachine();
  const commands: string[] = [];
  let flags = { uefi: false, device: "none" };
  const runCommand: PowerDeps["runCommand"] = async (argv, options = {}) => {
    const words = argv.slice(argv.indexOf("/dev/stdin") + 1).join(" ");
    commands.push(argv.join(" "));
    if (dice() < errors)
      throw new Error("ipmitool ended with 1: Error: Unable to establish IPMI v2 / RMCP+ session");
    if (options.input !== "pass:word\n")
      throw new Error("ipmitool ended with 1: > RAKP 2 HMAC is invalid; Error: Unable to establish");
    const change = (action: () => void) => {
      if (dice() >= lies) action();
      return "done\n";
    };
    switch (words) {
      case "chassis power status":
        return `Unable to Get Channel Cipher Suites\nChassis Power is ${machine.on ? "on" : "off"}\n`;
      case "chassis power on":
        return change(() => {
          const network = machine.networkOnce;
          machine.start();
          // As hardware does: the order is void, what was ordered stays readable.
          if (network && !keepsValid) flags = { ...flags, device: "pxe" };
        });
      case "chassis power off":
        return change(() => {
          machine.on = false;
        });
      case "chassis bootdev none":
      case "chassis bootdev pxe":
      case "chassis bootdev pxe options=efiboot":
        return change(() => {
          flags = { device: words.split(" ")[2]!, uefi: words.endsWith("efiboot") };
          machine.networkOnce = flags.device === "pxe";
        });
      case "chassis bootparam get 5": {
        const first = (keepsValid && machine.networkOnce ? 0x80 : 0) | (flags.uefi ? 0x20 : 0);
        const data = Buffer.from([first, flags.device === "pxe" ? 0x04 : 0, 0, 0, 0]).toString("hex");
        return `Boot parameter version: 1\nBoot parameter 5 is valid/unlocked\nBoot parameter data: ${data}\n`;
      }
      case "raw 0x00 0x08 0x03 0x08":
        throw new Error("ipmitool ended with 1: Invalid data field in request");
      default:
        throw new Error(`ipmitool ended with 1: no such command: ${words}`);
    }
  };
  return { machine, commands, deps: fakeDeps({ runCommand, env: { BMC: account } }) };
}

const abilities = { networkBoot: "once", console: false } as const;
const rack = (weather: FakeOptions) => {
  const { machine, deps } = fakeIpmitool(weather);
  return { power: openPower(bmc, deps), machine };
};
powerContract("ipmi", abilities, () => rack({}));
stormContract("ipmi", abilities, rack);
powerContract("ipmi without the valid bit", abilities, () => rack({ keepsValid: false }));
stormContract("ipmi without the valid bit", abilities, (weather) => rack({ ...weather, keepsValid: false }));

describe("ipmitool", () => {
  test("is never given the password in an argument", async () => {
    const { commands, deps } = fakeIpmitool();
    await openPower(bmc, deps).bootFromNetworkOnce();
    expect(commands.join("\n")).not.toContain("pass:word");
    expect(commands[0]).toBe(
      "ipmitool -v -I lanplus -H bmc.example -p 623 -L ADMINISTRATOR -U admin -N 2 -R 2 -f /dev/stdin chassis bootparam get 5",
    );
  });

  test("is told of the firmware, which is read back", async () => {
    const { commands, deps } = fakeIpmitool();
    await openPower({ ...bmc, firmware: "uefi" }, deps).bootFromNetworkOnce();
    expect(commands.filter((command) => command.endsWith("bootdev pxe options=efiboot"))).toHaveLength(1);
    await openPower({ ...bmc, firmware: "bios", cipherSuite: 17 }, deps).bootFromNetworkOnce();
    expect(commands.at(-2)).toMatch(/ -C 17 .*bootdev pxe$/);
  });

  test("that is not there is said so at once", async () => {
    const runCommand = async () => {
      throw new Error("ipmitool ended with ENOENT: spawn ipmitool ENOENT");
    };
    const power = openPower(bmc, fakeDeps({ runCommand, env: { BMC: account } }));
    await expect(power.on()).rejects.toMatchObject({
      code: "ipmitool-missing",
      details: { next: "apt-get install ipmitool" },
    });
  });

  test("whose session is refused is not run twice, and the password is not shown", async () => {
    const { commands, deps } = fakeIpmitool();
    const power = openPower(bmc, { ...deps, env: { BMC: "admin:hunter2" } });
    const error: Error = await power.on().then(
      () => expect.unreachable(),
      (thrown) => thrown,
    );
    expect(error).toMatchObject({ code: "bmc-refused", details: { found: "RAKP 2 HMAC is invalid" } });
    expect([error.message, error.stack, JSON.stringify(error)].join()).not.toContain("hunter2");
    expect(commands).toHaveLength(1);
  });

  test("is not run with a password that the protocol has no room for", async () => {
    const { commands, deps } = fakeIpmitool();
    const power = openPower(bmc, { ...deps, env: { BMC: `admin:${"x".repeat(21)}` } });
    await expect(power.state()).rejects.toMatchObject({
      code: "bmc-credentials",
      details: { found: "more than 20 bytes" },
    });
    expect(commands).toHaveLength(0);
  });
});

test("an order that was carried out is given again for the next start", async () => {
  for (const keepsValid of [true, false]) {
    const { machine, deps } = fakeIpmitool({ keepsValid });
    const power = openPower(bmc, deps);
    for (const start of [1, 2, 3]) {
      await power.bootFromNetworkOnce();
      await power.cycle();
      expect(machine.networkStarts).toBe(start);
    }
  }
});

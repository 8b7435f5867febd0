// IPMI over the network, through ipmitool (IPMI 2.0, chapters 28.3 Chassis Control and 28.12 Set System Boot Options).
import type { IpmiPlan } from "../plan/index.ts";
import { LandfallError } from "../spec/index.ts";
import { type Account, accountOf } from "./credentials.ts";
import type { Power, PowerDeps, PowerOptions } from "./types.ts";
import { change, until } from "./until.ts";

const commandSeconds = 15;
/** Bytes: what the protocol has room for. */
const longestPassword = { lanplus: 20, lan: 16 } as const;

/** Boot parameter 5, as far as it matters here. */
interface BootFlags {
  /** Whether the controller says that the rest counts for the next start. */
  readonly valid: boolean;
  readonly persistent: boolean;
  readonly uefi: boolean;
  readonly network: boolean;
}

/** Power through the BMC at `bmc.host`. Credentials are looked up at the first call. */
export function ipmi(bmc: IpmiPlan, deps: PowerDeps, options: PowerOptions = {}): Power {
  const { signal } = options;
  const shown = `${bmc.host}${bmc.port === 623 ? "" : `, port ${bmc.port}`}`;
  let account: Promise<Account> | undefined;

  async function ipmitool(...words: readonly string[]): Promise<string> {
    account ??= accountFor(bmc, deps);
    const { user, password } = await account;
    const command = [
      "ipmitool",
      // Says why a session is refused.
      "-v",
      ...["-I", bmc.interface, "-H", bmc.host, "-p", String(bmc.port)],
      ...["-L", bmc.privilege.toUpperCase(), "-U", user],
      ...(bmc.cipherSuite === undefined ? [] : ["-C", String(bmc.cipherSuite)]),
      // Its own retries: short, because this side repeats too.
      ...["-N", "2", "-R", "2"],
      // By its standard input the password is in no file, no environment and no argument, and gone with the process.
      ...["-f", "/dev/stdin"],
      ...words,
    ];
    try {
      return await deps.runCommand(command, {
        input: `${password}\n`,
        signal: AbortSignal.any([AbortSignal.timeout(commandSeconds * 1000), ...(signal ? [signal] : [])]),
      });
    } catch (cause) {
      throw failure(cause, shown);
    }
  }

  async function state(): Promise<"on" | "off"> {
    const said = await ipmitool("chassis", "power", "status");
    const [, word] = /^Chassis Power is (on|off)\s*$/m.exec(said) ?? [];
    if (word !== undefined) return word as "on" | "off";
    throw new Error(`ipmitool said ${JSON.stringify(said.slice(0, 100))}`);
  }

  async function bootFlags(): Promise<BootFlags> {
    const said = await ipmitool("chassis", "bootparam", "get", "5");
    const [, data] = /^Boot parameter data: ([0-9a-fA-F]{10})\s*$/m.exec(said) ?? [];
    if (data === undefined) throw new Error(`ipmitool said ${JSON.stringify(said.slice(0, 100))}`);
    const [flags = 0, device = 0] = Buffer.from(data, "hex");
    return {
      valid: (flags & 0x80) !== 0,
      persistent: (flags & 0x40) !== 0,
      uefi: (flags & 0x20) !== 0,
      network: (device & 0x3c) === 0x04,
    };
  }

  const turn = (wanted: "on" | "off") =>
    change({
      what: `power ${wanted} through the BMC ${shown}`,
      expected: `chassis power ${wanted}`,
      read: state,
      done: (now) => now === wanted,
      found: (now) => `chassis power ${now}`,
      ask: () => ipmitool("chassis", "power", wanted),
      deps,
      options,
    });

  const power: Power = {
    state: () =>
      until({
        what: `read the power state through the BMC ${shown}`,
        attempt: async () => ({ value: await state() }),
        deps,
        options,
      }),
    on: () => turn("on"),
    off: () => turn("off"),
    async cycle() {
      await power.off();
      await power.on();
    },
    async bootFromNetworkOnce() {
      // Not every controller keeps the bit that says that an order is in force. From those that do not, an order is
      // believed when the device was seen to be another one before.
      let sawOther = false;
      await change<BootFlags>({
        what: `order one network boot through the BMC ${shown}`,
        expected: `boot flags valid, PXE${bmc.firmware === "uefi" ? ", UEFI" : ""}`,
        read: async () => {
          const flags = await bootFlags();
          sawOther ||= !flags.network;
          return flags;
        },
        done: ({ valid, persistent, uefi, network }, asked) =>
          network &&
          (valid ? bmc.firmware === undefined || uefi === (bmc.firmware === "uefi") : asked && sawOther) &&
          // Asked for one start, some controllers make it all starts: the next one is from the network either way.
          (!persistent || asked),
        found: ({ valid, network, uefi }) =>
          `boot flags ${valid ? "valid" : "invalid"}, ${network ? "PXE" : "another device"}${uefi ? ", UEFI" : ""}`,
        ask: async ({ valid, network }) => {
          if (network && !valid && !sawOther) return ipmitool("chassis", "bootdev", "none");
          // Without this, an order lapses after a minute: too soon for a machine that waits for its turn. Not every
          // controller knows it (Set System Boot Options, parameter 3).
          await ipmitool("raw", "0x00", "0x08", "0x03", "0x08").catch(() => {});
          const efi = bmc.firmware === "uefi" ? ["options=efiboot"] : [];
          return ipmitool("chassis", "bootdev", "pxe", ...efi);
        },
        deps,
        options: { ...options, settleSeconds: Math.min(options.settleSeconds ?? 10, 3) },
      });
    },
    // Serial-over-LAN shows what is printed while one listens; what was printed before is kept by few.
    console: async () => undefined,
  };
  return power;
}

async function accountFor(bmc: IpmiPlan, deps: PowerDeps): Promise<Account> {
  const account = await accountOf(bmc.credentials, deps);
  const longest = longestPassword[bmc.interface];
  if (Buffer.byteLength(account.password) <= longest) return account;
  throw new LandfallError(
    "bmc-credentials",
    `the password for the BMC ${bmc.host} is too long for IPMI (${bmc.interface})`,
    {
      found: `more than ${longest} bytes`,
      expected: `at most ${longest} bytes`,
      next: "give the BMC's account a shorter password",
    },
  );
}

/** What no repetition mends as a LandfallError; the rest as it is. */
function failure(cause: unknown, shown: string): unknown {
  const said = cause instanceof Error ? cause.message : String(cause);
  if (/ENOENT/.test(said))
    return new LandfallError("ipmitool-missing", "there is no ipmitool on this computer", {
      next: "apt-get install ipmitool",
      cause,
    });
  // Asked again, a controller would lock the account.
  const refused = /RAKP 2 HMAC is invalid|unauthorized name|invalid user ?name|Privilege level/i.exec(
    said,
  )?.[0];
  if (refused === undefined) return cause;
  return new LandfallError("bmc-refused", `the BMC ${shown} refuses the credentials`, {
    found: refused,
    expected: "credentials of an account that may control power over the network",
    next: "correct them, or ask for another privilege or cipherSuite in the site file",
  });
}

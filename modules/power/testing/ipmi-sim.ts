// OpenIPMI's BMC simulator before a machine that is a few files: a program of its own says what power does to it.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import type { IpmiPlan } from "../../plan/index.ts";
import { runCommand } from "../index.ts";

export interface IpmiSim {
  readonly bmc: IpmiPlan;
  readonly machine: {
    readonly on: boolean;
    readonly networkOnce: boolean;
    readonly starts: number;
    readonly networkStarts: number;
    console: string;
  };
  readonly stop: () => Promise<void>;
}

/**
 * Starts one in `folder`. `account` is user:password, `number` from 1 to 250 and no other simulator's: each has an
 * address of its own, since nobody is refused a UDP port that another simulator listens on.
 */
export async function startIpmiSim(folder: string, account: string, number: number): Promise<IpmiSim> {
  const host = `127.0.3.${number}`;
  const port = 9623;
  const [user = "", password = ""] = account.split(":");
  const at = (name: string) => join(folder, name);
  mkdirSync(at("state"));
  const files = {
    "lan.conf": `name "m1"
set_working_mc 0x20
  startlan 1
    addr ${host} ${port}
    priv_limit admin
    allowed_auths_admin none md2 md5 straight
    guid a123456789abcdefa123456789abcdef
  endlan
  chassis_control "${at("chassis")}"
  user 2 true "${user}" "${password}" admin 10 none md2 md5 straight
`,
    // A controller with nothing but a chassis.
    commands: "mc_setbmc 0x20\nmc_add 0x20 0 no-device-sdrs 0x23 9 8 0x9f 0x1291 0xf02\nmc_enable 0x20\n",
    account: `${account}\n`,
    password: `${password}\n`,
    chassis: chassis(folder),
    power: "0",
    boot: "none\n",
    starts: "",
  };
  for (const [name, text] of Object.entries(files))
    writeFileSync(at(name), text, { mode: name === "chassis" ? 0o700 : 0o600 });
  const child = spawn("ipmi_sim", ["-c", at("lan.conf"), "-f", at("commands"), "-s", at("state"), "-n"], {
    stdio: "ignore",
  });
  await once(child, "spawn");
  await answering([host, String(port)], at("password"), user, child);
  const read = (name: string) => readFileSync(at(name), "utf8").trim();
  const starts = () => read("starts").split("\n").filter(Boolean);
  return {
    bmc: {
      driver: "ipmi",
      host,
      port,
      interface: "lanplus",
      // Unasked for, ipmitool waits 5 s in vain for this simulator's list.
      cipherSuite: 3,
      privilege: "administrator",
      credentials: { file: at("account") },
      firmware: undefined,
    },
    machine: {
      get on() {
        return read("power") === "1";
      },
      get networkOnce() {
        return read("boot") === "pxe";
      },
      get starts() {
        return starts().length;
      },
      get networkStarts() {
        return starts().filter((from) => from === "pxe").length;
      },
      console: "",
    },
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill("SIGKILL");
      await once(child, "exit");
    },
  };
}

/** What the simulator calls: `get NAME`, `set NAME VALUE`. An order for a boot is used up by the start. */
function chassis(folder: string): string {
  return `#!/bin/sh
cd ${folder} || exit 1
case "$1 $2" in
"get power") echo "power:$(cat power)" ;;
"get boot") echo "boot:$(cat boot)" ;;
"set boot") echo "$3" >boot.new && mv boot.new boot ;;
"set power")
  if [ "$3" = 1 ] && [ "$(cat power)" = 0 ]; then cat boot >>starts; echo none >boot; fi
  echo "$3" >power.new && mv power.new power ;;
esac
`;
}

async function answering(
  [host, port]: readonly [string, string],
  password: string,
  user: string,
  child: ChildProcess,
): Promise<void> {
  for (const deadline = performance.now() + 20_000; ; ) {
    if (child.exitCode !== null) throw new Error(`ipmi_sim ended with ${child.exitCode}`);
    try {
      const session = ["-I", "lanplus", "-H", host, "-p", port, "-C", "3", "-U", user, "-f", password];
      await runCommand(["ipmitool", ...session, "-N", "1", "-R", "1", "chassis", "power", "status"]);
      return;
    } catch (cause) {
      if (performance.now() > deadline) throw new Error("ipmi_sim does not answer", { cause });
      await setTimeout(50);
    }
  }
}

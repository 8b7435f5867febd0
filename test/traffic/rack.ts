// Machines as far as their network goes: a namespace each, on one bridge, and programs in them. This computer is on the
// bridge too, or behind its router.
import { type ChildProcess, execFileSync, type StdioOptions, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";

export interface RackOptions {
  /** First three numbers of the machines' /24: of a range that is for tests of networks (RFC 2544). The router is its .1. */
  readonly network: string;
  /** Last numbers of addresses, by the name of the machine. */
  readonly machines: Readonly<Record<string, number>>;
  /** This computer's: .254 of the machines' network, or .2 of another /24 whose router is .1. */
  readonly computer: "beside" | { readonly network: string };
}

export interface Rack {
  /** Of this rack; goes with it. */
  readonly folder: string;
  /** This computer's address. */
  readonly computer: string;
  readonly router: string;
  readonly address: (machine: string) => string;
  /** `ip` of iproute2, in a machine, the `router`, or undefined for this computer. */
  readonly ip: (machine: string | undefined, line: string) => string;
  /** Words before those of a command that is to run in a machine. */
  readonly inside: (machine: string) => readonly string[];
  /** Its output goes to a file. Ended, at the latest, with the rack. */
  readonly start: (name: string, command: readonly string[], more?: StartOptions) => ChildProcess;
  /** Waits for a condition. @throws with the ends of all output, after two minutes */
  readonly until: (what: string, condition: () => Promise<boolean>) => Promise<void>;
  readonly remove: () => Promise<void>;
}

interface StartOptions {
  readonly env?: NodeJS.ProcessEnv;
  /** Whether it can be sent messages. */
  readonly messages?: boolean;
}

export function openRack({ network, machines, computer }: RackOptions): Rack {
  const folder = mkdtempSync(join(tmpdir(), "landfall-rack-"));
  const short = `lf${process.pid}`;
  const names = ["router", ...Object.keys(machines)];
  const namespace = (machine: string) => `${short}-${machine}`;
  const children: ChildProcess[] = [];
  const run = (parameters: readonly string[]) =>
    execFileSync("ip", parameters, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  const ip: Rack["ip"] = (machine, line) =>
    run([...(machine === undefined ? [] : ["-n", namespace(machine)]), ...line.split(" ")]);
  const own = computer === "beside" ? `${network}.254` : `${computer.network}.2`;
  const router = `${network}.1`;

  async function remove(): Promise<void> {
    await Promise.all(children.map(end));
    for (const name of names) {
      try {
        run(["netns", "del", namespace(name)]);
      } catch {
        // It was not made.
      }
    }
    rmSync(folder, { recursive: true, force: true });
  }

  function wire(): void {
    for (const name of names) run(["netns", "add", namespace(name)]);
    ip("router", "link add br0 type bridge");
    ip("router", `addr add ${router}/24 dev br0`);
    ip(undefined, `link add ${short}h type veth peer name host netns ${namespace("router")}`);
    ip(undefined, `addr add ${own}/24 dev ${short}h`);
    ip(undefined, `link set ${short}h up`);
    if (computer === "beside") ip("router", "link set host master br0");
    else {
      ip("router", `addr add ${computer.network}.1/24 dev host`);
      ip(undefined, `route add ${network}.0/24 via ${computer.network}.1`);
    }
    for (const [name, last] of Object.entries(machines)) {
      ip("router", `link add ${name} type veth peer name eth0 netns ${namespace(name)}`);
      ip(name, `addr add ${network}.${last}/24 dev eth0`);
      for (const device of ["lo", "eth0"]) ip(name, `link set ${device} up`);
      ip("router", `link set ${name} master br0 up`);
      ip(name, `route add default via ${router}`);
    }
    for (const device of ["lo", "br0", "host"]) ip("router", `link set ${device} up`);
  }

  try {
    wire();
  } catch (error) {
    void remove();
    throw error;
  }

  const logs = () =>
    readdirSync(folder)
      .filter((file) => file.endsWith(".log"))
      .map((file) => `${file}: ${readFileSync(join(folder, file), "utf8").slice(-1500)}`)
      .join("\n");

  return {
    folder,
    computer: own,
    router,
    ip,
    address: (machine) => `${network}.${machines[machine]}`,
    inside: (machine) => ["nsenter", `--net=/run/netns/${namespace(machine)}`],
    start(name, [program = "", ...parameters], { env = {}, messages = false } = {}) {
      const log = openSync(join(folder, `${name}.log`), "a");
      const stdio: StdioOptions = ["ignore", log, log, ...(messages ? ["ipc" as const] : [])];
      const child = spawn(program, parameters, { cwd: folder, env: { ...process.env, ...env }, stdio });
      closeSync(log);
      children.push(child);
      return child;
    },
    async until(what, condition) {
      const deadline = performance.now() + 120_000;
      while (!(await condition().catch(() => false))) {
        if (performance.now() > deadline) throw new Error(`waited in vain for ${what}:\n${logs()}`);
        await setTimeout(100);
      }
    },
    remove,
  };
}

/** Killed, and gone. */
export async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;
}

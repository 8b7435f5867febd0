// The lab's network: a bridge in a namespace of its own (the switch), a namespace and a cable for each nspawn machine.
// Nothing of it is ever visible in the computer's own namespace.
import { existsSync, readdirSync } from "node:fs";
import { attempt, run } from "./command.ts";
import type { LabMachine, LabPlan } from "./config.ts";
import type { LabNames } from "./names.ts";

/** Starts an argv inside a network namespace, all else unchanged (`ip netns exec` would replace /sys). */
export function inside(namespace: string, argv: readonly string[]): string[] {
  return ["nsenter", `--net=/run/netns/${namespace}`, ...argv];
}

/** Makes the switch: bridge with the gateway's address. The namespace must not exist. */
export async function createSwitch(plan: LabPlan, names: LabNames): Promise<void> {
  const ns = names.switchNamespace;
  await run(["ip", "netns", "add", ns]);
  await ip(ns, [
    "link set lo up",
    `link add ${names.bridge} address ${names.bridgeMac} type bridge stp_state 0 forward_delay 0`,
    // iPXE waits for a router advertisement: the bridge needs an IPv6 prefix, of the lab's own.
    `addr add ${plan.gateway}/${plan.prefix} brd + dev ${names.bridge}`,
    `addr add ${ulaPrefix(names)}::1/64 dev ${names.bridge} nodad`,
    `link set ${names.bridge} up`,
  ]);
}

/** A /64 of unique local addresses, from the lab's name. */
export function ulaPrefix(names: LabNames): string {
  const [, a, b, c, d, e] = names.bridgeMac.split(":");
  return `fd${a}:${b}${c}:${d}${e}:0`;
}

/** Makes the machine's namespace anew, its `eth0` with the machine's MAC, plugged into the switch. */
export async function plugNamespace(machine: LabMachine, names: LabNames): Promise<void> {
  const ns = names.namespace(machine.name);
  const port = names.port(machine.name);
  await unplugNamespace(machine, names);
  await run(["ip", "netns", "add", ns]);
  await ip(names.switchNamespace, [
    `link add ${port} address ${names.portMac(machine.name)} type veth peer name eth0 address ${machine.mac} netns ${ns}`,
    `link set ${port} master ${names.bridge} up`,
  ]);
  await ip(ns, ["link set lo up", "link set eth0 up"]);
}

/** Makes a tap in the switch's namespace for a qemu machine. */
export async function plugTap(machine: LabMachine, names: LabNames): Promise<string> {
  const port = names.port(machine.name);
  await unplugPorts([machine], names);
  await ip(names.switchNamespace, [
    `tuntap add dev ${port} mode tap`,
    `link set ${port} address ${names.portMac(machine.name)} master ${names.bridge} up`,
  ]);
  return port;
}

/** Pulls the cables of all the machines in one go: what has no power answers no ARP. */
export async function unplugPorts(machines: readonly LabMachine[], names: LabNames): Promise<void> {
  if (machines.length === 0 || !existsSync(`/run/netns/${names.switchNamespace}`)) return;
  // -force: a machine that is off has no port.
  await attempt(["ip", "-netns", names.switchNamespace, "-force", "-batch", "-"], {
    input: machines.map(({ name }) => `link del ${names.port(name)}\n`).join(""),
  });
}

export async function unplugNamespace(machine: LabMachine, names: LabNames): Promise<void> {
  await unplugPorts([machine], names);
  await deleteNamespace(names.namespace(machine.name));
}

/** Idempotent. */
export async function deleteNamespace(namespace: string): Promise<void> {
  if (existsSync(`/run/netns/${namespace}`)) await run(["ip", "netns", "del", namespace]);
}

export function listNamespaces(): string[] {
  return existsSync("/run/netns") ? readdirSync("/run/netns") : [];
}

async function ip(namespace: string, commands: readonly string[]): Promise<void> {
  await run(["ip", "-netns", namespace, "-batch", "-"], { input: `${commands.join("\n")}\n` });
}

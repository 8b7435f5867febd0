// What the boot service knows of machines, and a person's word where a machine cannot give its own.
import type { MachineRecord } from "../../boot/index.ts";
import type { BootPlan } from "../../plan/index.ts";
import { LandfallError } from "../../spec/error.ts";
import { withBootClient } from "../boot-service.ts";
import type { Invocation } from "../main.ts";
import { printJson, table } from "../output.ts";
import { planAll } from "../project.ts";
import type { Workspace } from "../workspace.ts";

interface Known {
  readonly boot: BootPlan;
  readonly machine: MachineRecord;
}

/** Seconds: a person is waiting. */
const patience = 5;

export async function bootMachinesCommand({ workspace, json, signal }: Invocation): Promise<undefined> {
  const machines = (await known(workspace, signal)).map(({ machine }) => machine);
  if (json) return printJson(machines);
  const rows = machines.map(({ name, mac, order, installed, stages, heard = "-" }) => [
    name,
    mac,
    installed === undefined ? "-" : `${installed.cluster} since ${installed.since.slice(0, 19)}`,
    order === undefined ? "-" : `${order.kind} for ${order.cluster}: ${order.state}`,
    stages.at(-1)?.stage ?? "-",
    heard.slice(0, 19),
  ]);
  process.stdout.write(`${table([["MACHINE", "MAC", "INSTALLED", "ORDER", "STAGE", "HEARD"], ...rows])}\n`);
}

/** For a machine whose disk was replaced or emptied by hand, which can no longer say so itself. */
export async function bootReleaseCommand(
  { workspace, json, signal }: Invocation,
  name: string,
): Promise<undefined> {
  const { boot, machine } = await knownAs(workspace, name, signal);
  const landings = [machine.installed, machine.order].filter((landing) => landing !== undefined);
  const released = await withBootClient(
    boot,
    signal,
    async (client) => {
      let record = machine;
      for (const { cluster, generation } of landings)
        record = await client.release({ mac: machine.mac, cluster, generation });
      return record;
    },
    patience,
  );
  if (json) return printJson(released);
  const whose = [...new Set(landings.map(({ cluster }) => cluster))].join(", ");
  process.stdout.write(`${name}: ${whose === "" ? "was free already" : `no longer held by ${whose}`}\n`);
}

const rescueSeconds = 3600;

/** One boot of a system in memory for a machine in service; its disk is left alone. */
export async function bootRescueCommand(
  { workspace, json, signal }: Invocation,
  name: string,
): Promise<undefined> {
  const { boot, machine } = await knownAs(workspace, name, signal);
  const landing = machine.installed;
  if (landing === undefined) {
    throw new LandfallError("not-installed", `${name} is not in service`, {
      found:
        machine.order === undefined
          ? "no order"
          : `an order to ${machine.order.kind}, ${machine.order.state}`,
      expected: "a machine with a system on its disk",
    });
  }
  const { mac } = machine;
  const { cluster, generation } = landing;
  const ordered = await withBootClient(
    boot,
    signal,
    (client) => client.arm({ mac, cluster, generation, kind: "rescue", seconds: rescueSeconds }),
    patience,
  );
  if (json) return printJson(ordered);
  process.stdout.write(
    `${name}: its next start from the network, within an hour, is into memory: npx landfall power network-boot ${name}, then npx landfall power cycle ${name}\n`,
  );
}

async function known(workspace: Workspace, signal: AbortSignal): Promise<Known[]> {
  const services = new Map(
    planAll(workspace)
      .filter(({ boot }) => boot.service === "landfall")
      .map(({ boot }) => [boot.rpc, boot]),
  );
  const lists = await Promise.all(
    [...services.values()].map(async (boot) => {
      const machines = await withBootClient(boot, signal, (client) => client.list(), patience);
      return machines.map((machine): Known => ({ boot, machine }));
    }),
  );
  return lists.flat();
}

async function knownAs(workspace: Workspace, name: string, signal: AbortSignal): Promise<Known> {
  const all = await known(workspace, signal);
  const found = all.find(({ machine }) => machine.name === name);
  if (found !== undefined) return found;
  throw new LandfallError("machine-unknown", `no boot service knows a machine ${name}`, {
    found: name,
    expected: all.map(({ machine }) => machine.name).join(", ") || "a machine that was deployed",
  });
}

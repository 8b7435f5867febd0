// dnsmasq's configuration: as a rack's own, with the names of the lab's machines.
import { routerAdvertisements, serverConfig } from "../dhcp/index.ts";
import type { LabPlan } from "./config.ts";
import type { LabNames } from "./names.ts";

export interface DnsmasqFiles {
  readonly leases: string;
  readonly tftp: string;
}

export function dnsmasqConfig(plan: LabPlan, names: LabNames, files: DnsmasqFiles): string {
  const { bridge } = names;
  const lines = [
    "no-resolv",
    "no-hosts",
    "no-ping",
    "user=root",
    `interface=${bridge}`,
    "except-interface=lo",
    "bind-interfaces",
    `dhcp-leasefile=${files.leases}`,
    ...serverConfig({
      interface: bridge,
      network: plan.cidr.split("/")[0]!,
      prefix: plan.prefix,
      gateway: plan.gateway,
      dns: plan.dns,
      http: plan.http.url,
      tftp: files.tftp,
      hosts: plan.machines,
    }),
    ...routerAdvertisements(bridge),
    ...plan.machines.map(({ name, address }) => `host-record=${name},${address}`),
  ];
  return `${lines.join("\n")}\n`;
}

// dnsmasq's configuration: DHCP by reservation only, TFTP for true firmware, router advertisements (iPXE waits 13 s for
// one otherwise), names of the lab's machines.
import type { LabPlan } from "./config.ts";
import type { LabNames } from "./names.ts";

export interface DnsmasqFiles {
  readonly leases: string;
  readonly tftp: string;
}

export function dnsmasqConfig(plan: LabPlan, names: LabNames, files: DnsmasqFiles): string {
  const [network] = plan.cidr.split("/");
  const lines = [
    "no-resolv",
    "no-hosts",
    "no-ping",
    "user=root",
    `interface=${names.bridge}`,
    "except-interface=lo",
    "bind-interfaces",
    "dhcp-authoritative",
    "dhcp-no-override",
    `dhcp-leasefile=${files.leases}`,
    `dhcp-range=${network},static,${netmask(plan.prefix)},1h`,
    `dhcp-option=option:router,${plan.gateway}`,
    ...(plan.dns.length === 0
      ? ["dhcp-option=option:dns-server"]
      : [`dhcp-option=option:dns-server,${plan.dns.join(",")}`]),
    "enable-ra",
    `dhcp-range=::,constructor:${names.bridge},ra-only`,
    // Lifetime 0: the lab's router is no default route for IPv6.
    `ra-param=${names.bridge},60,0`,
    "enable-tftp",
    `tftp-root=${files.tftp}`,
    "dhcp-match=set:ipxe,175",
    "dhcp-match=set:efi,option:client-arch,7",
    "dhcp-match=set:efi,option:client-arch,9",
    "dhcp-boot=tag:!ipxe,tag:!efi,undionly.kpxe",
    "dhcp-boot=tag:!ipxe,tag:efi,ipxe.efi",
    `dhcp-boot=tag:ipxe,${plan.http.url}/boot.ipxe`,
    ...plan.machines.flatMap(({ name, mac, address }) => [
      `dhcp-host=${mac},${address},${name}`,
      `host-record=${name},${address}`,
    ]),
  ];
  return `${lines.join("\n")}\n`;
}

/** Dotted netmask of an IPv4 prefix length. */
export function netmask(prefix: number): string {
  const bits = prefix === 0 ? 0 : (0xffffffff << (32 - prefix)) >>> 0;
  return [24, 16, 8, 0].map((shift) => (bits >>> shift) & 255).join(".");
}

// dnsmasq's configuration for machines that boot over the network: what asks is told the next program to load, which is
// iPXE for a firmware, and the boot service's script for iPXE itself: without telling the two apart it would load iPXE
// for ever.

export interface DhcpOptions {
  /** Interface of the computer that dnsmasq runs on, in the machines' network. */
  readonly interface: string;
  /** First address of the machines' network, as 10.20.0.0. */
  readonly network: string;
  readonly prefix: number;
  readonly gateway?: string;
  readonly dns: readonly string[];
  /** Of the boot service, as the machines see it. */
  readonly http: string;
  /** Folder with undionly.kpxe and snponly.efi. */
  readonly tftp: string;
  readonly hosts: readonly DhcpHost[];
}

export interface DhcpHost {
  readonly name: string;
  readonly mac: string;
  readonly address: string;
}

const bios = "undionly.kpxe";
// With its own network drivers (ipxe.efi) iPXE may hang when it hands back to the firmware, as for a boot from the disk.
const uefi = "snponly.efi";
const script = (http: string) => `${http.replace(/\/$/, "")}/boot.ipxe`;

/** The only DHCP server of its network: addresses by reservation, for the machines alone. */
export function serverConfig(options: DhcpOptions): readonly string[] {
  const { network, prefix, gateway, dns, hosts } = options;
  return [
    "dhcp-authoritative",
    // Bootp's own fields for the boot file: some firmware reads no options for it.
    "dhcp-no-override",
    `dhcp-range=${network},static,${netmask(prefix)},1h`,
    ...(gateway === undefined ? ["dhcp-option=option:router"] : [`dhcp-option=option:router,${gateway}`]),
    // Without a value: none. dnsmasq would name itself.
    dns.length === 0 ? "dhcp-option=option:dns-server" : `dhcp-option=option:dns-server,${dns.join(",")}`,
    ...networkBoot(options),
    ...dhcpHosts(hosts),
  ];
}

/** What boots a machine, for a server that also gives out addresses. */
export function networkBoot({ http, tftp }: Pick<DhcpOptions, "http" | "tftp">): readonly string[] {
  return [
    "enable-tftp",
    `tftp-root=${tftp}`,
    // iPXE sends option 175; UEFI of x86-64 is architecture 7, or 9 by the RFC's first print.
    "dhcp-match=set:ipxe,175",
    "dhcp-match=set:efi,option:client-arch,7",
    "dhcp-match=set:efi,option:client-arch,9",
    `dhcp-boot=tag:!ipxe,tag:!efi,${bios}`,
    `dhcp-boot=tag:!ipxe,tag:efi,${uefi}`,
    `dhcp-boot=tag:ipxe,${script(http)}`,
  ];
}

/** Beside a server that gives out the addresses: only what PXE asks for (proxyDHCP). */
export function proxyConfig({ network, prefix, http, tftp }: DhcpOptions): readonly string[] {
  const service = (tag: string, architecture: string, file: string) =>
    `pxe-service=tag:${tag},${architecture},"Landfall",${file}`;
  const architectures = [
    ["x86PC", bios],
    ["BC_EFI", uefi],
    ["X86-64_EFI", uefi],
  ] as const;
  return [
    `dhcp-range=${network},proxy,${netmask(prefix)}`,
    "enable-tftp",
    `tftp-root=${tftp}`,
    "dhcp-match=set:ipxe,175",
    ...architectures.map(([architecture, file]) => service("!ipxe", architecture, file)),
    ...architectures.map(([architecture]) => service("ipxe", architecture, script(http))),
  ];
}

/**
 * Router advertisements: iPXE waits 13 s for one. Of a router that is none (lifetime 0), and only where the interface has
 * an IPv6 prefix.
 */
export function routerAdvertisements(name: string): readonly string[] {
  return ["enable-ra", `dhcp-range=::,constructor:${name},ra-only`, `ra-param=${name},60,0`];
}

/** The same addresses as in the site file, and no other. */
export function dhcpHosts(hosts: readonly DhcpHost[]): readonly string[] {
  return hosts.map(({ name, mac, address }) => `dhcp-host=${mac},${address},${name}`);
}

/** Dotted netmask of an IPv4 prefix length. */
export function netmask(prefix: number): string {
  const bits = prefix === 0 ? 0 : (0xffffffff << (32 - prefix)) >>> 0;
  return [24, 16, 8, 0].map((shift) => (bits >>> shift) & 255).join(".");
}

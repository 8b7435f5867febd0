// A site's DHCP as its file says it: one file for dnsmasq, complete.
import { contains, LandfallError, parseAddress, parseCidr, type Site } from "../spec/index.ts";
import { type DhcpOptions, proxyConfig, routerAdvertisements, serverConfig } from "./dnsmasq.ts";

export interface SiteDhcpOptions {
  /** Interface of the computer that dnsmasq runs on, in the machines' network. */
  readonly interface: string;
  /** Folder with undionly.kpxe and snponly.efi. Default: `/srv/tftp`. */
  readonly tftp?: string;
  /** Name of the network. Default: the site's only one. */
  readonly network?: string;
  /** Another server gives out the addresses. Default: false. */
  readonly proxy?: boolean;
  /** Default: true. */
  readonly routerAdvertisements?: boolean;
}

/** @throws LandfallError `dhcp-network`: not one network to serve, or none that DHCP of IPv4 can serve. */
export function siteDhcp(site: Site, options: SiteDhcpOptions): string {
  const { proxy = false, tftp = "/srv/tftp", routerAdvertisements: advertise = true } = options;
  const network = networkOf(site, options.network);
  const range = parseCidr(network.cidr);
  const within = (text: string) => {
    const address = parseAddress(text);
    return range !== undefined && address !== undefined && contains(range, address);
  };
  const dhcp: DhcpOptions = {
    interface: options.interface,
    network: network.cidr.split("/")[0]!,
    prefix: Number(network.cidr.split("/")[1]),
    ...(network.gateway !== undefined && { gateway: network.gateway }),
    dns: network.dns ?? [],
    http: site.boot.http,
    tftp,
    hosts: site.machines
      .filter(({ address }) => within(address))
      .map(({ name, mac, address }) => ({ name, mac: mac.toLowerCase().replaceAll("-", ":"), address })),
  };
  const lines = [
    `# ${network.name} of ${site.name}, by landfall dhcp: as /etc/dnsmasq.d/landfall.conf`,
    // No DNS: that is not what it is here for.
    "port=0",
    `interface=${dhcp.interface}`,
    "bind-interfaces",
    "no-ping",
    ...(proxy ? proxyConfig(dhcp) : serverConfig(dhcp)),
    ...(advertise
      ? [
          `# Sent only where ${dhcp.interface} has an IPv6 prefix; any does: ip address add fd00:20::1/64 dev ${dhcp.interface}`,
          ...routerAdvertisements(dhcp.interface),
        ]
      : []),
  ];
  return `${lines.join("\n")}\n`;
}

function networkOf(site: Site, name: string | undefined): Site["networks"][number] {
  const names = site.networks.map((network) => network.name).join(", ");
  const [first, ...others] =
    name === undefined ? site.networks : site.networks.filter((network) => network.name === name);
  if (first === undefined || others.length > 0) {
    throw new LandfallError("dhcp-network", "one network is served by one configuration", {
      found: name ?? `${site.networks.length} networks`,
      expected: names,
      next: "name it with --network",
    });
  }
  if (!first.cidr.includes(":")) return first;
  throw new LandfallError("dhcp-network", "machines boot over IPv4", {
    found: first.cidr,
    expected: "a network of IPv4",
  });
}

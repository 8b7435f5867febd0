export {
  type DhcpHost,
  type DhcpOptions,
  dhcpHosts,
  netmask,
  networkBoot,
  routerAdvertisements,
  serverConfig,
} from "./dnsmasq.ts";
export { type SiteDhcpOptions, siteDhcp } from "./site.ts";
